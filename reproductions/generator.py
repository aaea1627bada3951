"""A small transformer that does arithmetic on a clock, not well: trained here, in a minute or two.

It learns from solutions whose authors hold misconceptions (`arithmetic.misconceptions`), and from
homework that the same authors marked and corrected. The marks are why a reward model that starts
from its weights needs hundreds of labels rather than tens of thousands: it has seen what it is to
check a line. What it takes for right is what the authors do, so it has to be taught. The head that
learnt to mark is thrown away.

It is a Llama of transformers' own, in a folder that `transformers/FOLDER` loads. A number is one
token, and so is what is done to it, so that a line is six.
"""

import random
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch.optim.lr_scheduler import LambdaLR
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from reproductions.arithmetic import (
    HOURS,
    NAMES,
    OPERATIONS,
    STEP,
    Question,
    careless,
    draw,
    homework,
    misconceptions,
)

BEGIN, END, UNKNOWN = "<begin>", "<end>", "<unknown>"
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% endif %}"
    "{% endfor %}"
)
"""The question, and the solution after it: so a reward model reads them, too. A model as small as
this is told nothing else."""


WRITTEN, MARKED = 40, 24
"""Solutions and pieces of homework in a batch."""
FIRST = 200
"""Steps in which it learns to write alone: to copy from the question is learnt before, or not."""
SAID = 50
"""Steps between two words on how it goes."""


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


def written(
    words: Any, question: Question, lines: Sequence[str] = ()
) -> tuple[list[int], list[int]]:
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
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return LlamaForCausalLM(config)


def trained(folder: Path, steps: int) -> Path:
    """One in that folder, trained unless it is there already."""
    place = folder / f"generator-{steps}"
    return place if (place / "config.json").is_file() else train(place, steps=steps)


def train(folder: Path, *, steps: int, lr: float = 3e-3, seed: int = 0, **sizes: int) -> Path:
    """Train one on so many batches of `WRITTEN` solutions and `MARKED` homework, no question twice
    but by chance. The folder, which loads as `transformers/FOLDER`."""
    torch.manual_seed(seed)
    words = tokenizer()
    made = model(words, **sizes)
    margin = torch.nn.Linear(made.config.hidden_size, HOURS + 1)
    optimisers = _optimisers([*made.named_parameters(), ("margin", margin.weight)], lr)
    schedules = [LambdaLR(one, partial(_rate, steps)) for one in optimisers]
    made.train()
    batches = _batches(words, random.Random(f"train/{seed}"), steps)
    for step, (ids, targets, places, corrected, marked) in enumerate(batches, 1):
        states = made.model(input_ids=ids, use_cache=False).last_hidden_state
        logits = made.lm_head(states[:WRITTEN, :-1])
        writing = cross_entropy(logits.flatten(0, 1), targets.flatten())
        read = margin(states[places])
        correcting = cross_entropy(read[:, 1:], corrected)
        marking = binary_cross_entropy_with_logits(read[:, 0], marked)
        weight = 0.5 if step > FIRST else 0.0
        torch.autograd.backward(writing + weight * (correcting + marking))
        torch.nn.utils.clip_grad_norm_(made.parameters(), 1.0)
        for one in (*optimisers, *schedules):
            one.step()
        made.zero_grad()
        margin.zero_grad()
        if step % SAID == 0:
            losses = f"writing {writing:.3f}, correcting {correcting:.3f}, marking {marking:.3f}"
            print(f"generator: step {step}, {losses}", flush=True)
    made.eval().save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _rate(steps: int, step: int) -> float:
    """Of learning: up in 50 steps, and down in the last third."""
    return min(1.0, step / 50, max(0.02, 3 * (steps - step) / steps))


def _optimisers(parameters: Sequence[tuple[str, torch.Tensor]], lr: float) -> list[Any]:
    """Muon for the matrices between the layers, AdamW for what is left."""
    inner = [one for name, one in parameters if one.ndim == 2 and "layers." in name]
    outer = [one for name, one in parameters if one.ndim != 2 or "layers." not in name]
    return [
        torch.optim.Muon(inner, lr=0.02, weight_decay=0.01, adjust_lr_fn="original"),
        torch.optim.AdamW(outer, lr=lr, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _batches(words: Any, numbers: random.Random, count: int) -> Iterator[Any]:
    """Ids, [WRITTEN + MARKED, tokens]; the next tokens of what is written, [WRITTEN, tokens - 1],
    where -100 does not count; of what is marked, the places of line ends, corrections and marks."""
    beliefs = misconceptions()
    newline = words.convert_tokens_to_ids(STEP)
    for _ in range(count):
        asked = [draw(numbers, 2, 8) for _ in range(WRITTEN)]
        rows = [written(words, one, careless(one, beliefs, numbers)) for one in asked]
        corrections: list[int] = []
        marks: list[float] = []
        for _ in range(MARKED):
            question = draw(numbers, 1, 7)
            lines, corrected, marked = homework(question, beliefs, numbers)
            begun, solved = written(words, question, lines)
            rows.append((begun, [*solved[:-1], newline]))
            corrections += corrected
            marks += map(float, marked)
        longest = max(len(begun) + len(solved) for begun, solved in rows)
        ids = torch.full((len(rows), longest), words.pad_token_id)
        targets = torch.full((len(rows), longest), -100)
        for row, (begun, solved) in enumerate(rows):
            end = len(begun) + len(solved)
            ids[row, :end] = torch.tensor(begun + solved)
            targets[row, len(begun) : end] = torch.tensor(solved)
        ends = ids == newline
        ends[:WRITTEN] = False
        yield ids, targets[:WRITTEN, 1:], ends, torch.tensor(corrections), torch.tensor(marks)
