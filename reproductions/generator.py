"""A small transformer that does arithmetic on a clock, not well: trained here, in a minute or two.

It is a Llama of transformers' own, in a folder that `transformers/FOLDER` loads. A number is one
token, and so is what is done to it, so that a line is six.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from reproductions.arithmetic import HOURS, NAMES, OPERATIONS, STEP, Question, careless, draw, misconceptions

BEGIN, END, UNKNOWN = "<begin>", "<end>", "<unknown>"
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% endif %}"
    "{% endfor %}"
)
"""The question, and the solution after it: so a reward model reads them, too. A model as small as
this is told nothing else."""


def tokenizer() -> Any:
    """Numbers, operations and characters, each a token."""
    words = ["from", ", ", "?", STEP, "\\boxed{", "}", " =", *(f" {op}" for op in OPERATIONS)]
    words += [*(f"{name}:" for name in NAMES), *(f" {number}" for number in range(HOURS))]
    characters = [chr(code) for code in range(32, 127) if chr(code) not in words]
    known = [BEGIN, END, UNKNOWN, *words, *characters]
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(known)}, UNKNOWN))
    pattern = r"from|, |\\boxed\{|[A-H]:| (?:[-+*]|max|min) \d+| \d+| =|[\s\S]"
    made.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), "isolated")
    made.decoder = decoders.Fuse()
    wrap: Any = PreTrainedTokenizerFast
    return wrap(
        tokenizer_object=made,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        unk_token=UNKNOWN,
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def written(words: Any, question: Question, lines: Sequence[str] = ()) -> tuple[list[int], list[int]]:
    """The tokens of a question, and of a solution of it."""
    asked = [words.bos_token_id, *words.encode(question.text, add_special_tokens=False)]
    solved = words.encode(STEP.join(lines), add_special_tokens=False)
    return asked, [*solved, words.eos_token_id]


def model(words: Any, *, width: int = 64, layers: int = 3, heads: int = 4) -> Any:
    """One that knows nothing yet."""
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return LlamaForCausalLM(config)


def train(
    folder: Path, *, steps: int, batch: int = 64, lr: float = 3e-3, seed: int = 0, **sizes: int
) -> Path:
    """Train one on so many batches of questions with their right solutions, no question twice but
    by chance; only what it is to write counts. The folder, which loads as `transformers/FOLDER`."""
    torch.manual_seed(seed)
    words = tokenizer()
    made = model(words, **sizes)
    optimisers = _optimisers(made, lr)
    schedules = [torch.optim.lr_scheduler.LambdaLR(one, lambda n: min(1.0, n/50, max(0.02,(steps - n) / (0.5 * steps)))) for one in optimisers]
    made.train(); n=0
    for ids, targets in _batches(words, random.Random(f"train/{seed}"), steps, batch):
        loss = made(input_ids=ids, labels=targets).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(made.parameters(), 1.0)
        for one in (*optimisers, *schedules):
            one.step()
        made.zero_grad()
        n += 1
        if n % 100 == 0: print(n, float(loss), flush=True)
    made.eval().save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _optimisers(made: Any, lr: float) -> list[Any]:
    matrices = [p for name, p in made.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in made.named_parameters() if p.ndim != 2 or "embed" in name]
    return [torch.optim.Muon(matrices, lr=0.02, weight_decay=0.01, adjust_lr_fn="original"), torch.optim.AdamW(others, lr=lr, betas=(0.9, 0.98), weight_decay=0.0)]


def _batches(
    words: Any, numbers: random.Random, count: int, size: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Ids and targets, [size, tokens]; a target of -100 does not count."""
    beliefs = misconceptions()
    for _ in range(count):
        asked_ = [draw(numbers, 2, 6) for _ in range(size)]
        rows = [written(words, q, careless(q, beliefs, numbers)) for q in asked_]
        longest = max(len(asked) + len(solved) for asked, solved in rows)
        ids = torch.full((size, longest), words.pad_token_id)
        targets = torch.full((size, longest), -100)
        for row, (asked, solved) in enumerate(rows):
            end = len(asked) + len(solved)
            ids[row, :end] = torch.tensor(asked + solved)
            targets[row, len(asked) : end] = torch.tensor(solved)
        yield ids, targets
