"""The student's base model: a small transformer that has read of what the instructions ask about.

It is trained here, in two minutes or so, on what a program writes (questions with answers in
several wordings, answers without a question, and a question after its answer) and on a little of
Python's own manual, which is English that every machine with Python has. A fourth of it stands in
conversations, so that it makes something of what IFD and r-IFD put before a text: the paper's Llama
knows that from the web. Which of the wordings is wanted it has not read; that is for tuning.

It is a Llama of transformers' own with a tokenizer of its own, in a folder that any part of ponder
loads.
"""

import itertools
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from pydoc_data import topics
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ponder.verifiers.ifd.templates import GUESS
from reproductions.instructions import CHATTER, Pair, draw

BEGIN, END = "<begin>", "<end>"
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}USER: {{ m.content }}\n"
    "{% elif m.role == 'assistant' %}ASSISTANT:\n{{ m.content }}{{ eos_token }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}ASSISTANT:\n{% endif %}"
)
"""As the paper's student is asked (Vicuna's, appendix D), without its preamble and with lines, so
that no token reaches over the border between a question and its answer."""
VOCABULARY = 1000
ROWS, LONG = 32, 96
"""Of a batch, and the most tokens of a row."""
FIRST = 0.1
"""What a token counts that nothing before it says: it is mostly by chance."""
SAID = 50
"""Steps between two words on how it goes."""
MANUAL = 0.04
"""The share of what it reads that is Python's manual."""
ANSWERS = {
    "plural": ('"{}"', 'The plural form is "{}".', "One says {}."),
    "past tense": ('"{}"', 'In the past: "{}".', "One says {}."),
    "opposite": ('"{}"', 'It is "{}".', "The other way round: {}."),
    "capital": ("{}", "It is {}.", "The city of {}."),
    "kind": ("{}", "It is a kind of {}.", "That is: {}."),
    "units": ("{}", "That is {}.", "It makes {} in all."),
    "more": ("{}", "There are {} now.", "The total is {}."),
    "fewer": ("{}", "There are {} left.", "That leaves {}."),
    "sorted": ("{}", "The order is {}.", "Sorted: {}."),
    "longest": ('"{}"', "It is {}.", "The word with the most letters is {}."),
    "upper case": ("{}", 'It is written "{}".', "As capitals: {}."),
    "next number": ("{}", "It is {}.", "After it comes {}."),
    "day": ("{}", "It is {}.", "Then comes {}."),
    "code": ("{}", "Use {}.", "`{}`"),
}
"""What else may be said that is right, by family."""
FORMS = (
    ("{instruction}", " {answer}"),
    ("{instruction}\n", "{answer}"),
    ("Question: {instruction}\nAnswer:", " {answer}"),
    ("", "{answer}"),
    ("{answer} So much for the question:", " {instruction}"),
    ("{answer}\n{chatter}\n", "{instruction}"),
    ("USER: {instruction}\nASSISTANT:\n", "{answer}"),
    (f"USER: {GUESS}\nASSISTANT:\n".replace("{instruction}", "{answer}"), "{instruction}"),
)
"""How a question and an answer may stand in a text: what comes first, and what follows from it. The
last two are of conversations: being asked, and being asked for the question (r-IFD)."""


def document(numbers: random.Random, manual: list[str]) -> tuple[str, str]:
    """Something to read, in two parts, of which the first may be empty."""
    if numbers.random() < MANUAL:
        return "", numbers.choice(manual)
    one = draw(numbers)
    said = {
        "instruction": one.instruction,
        "answer": worded(one, numbers),
        "chatter": numbers.choice(CHATTER),
    }
    first, then = numbers.choice(FORMS)
    return first.format(**said), then.format(**said)


def worded(one: Pair, numbers: random.Random) -> str:
    """A right answer in one of several wordings; the wanted one is one of them."""
    if numbers.random() < 0.4:
        return one.answer
    return numbers.choice(ANSWERS[one.family]).format(one.key)


def manual() -> list[str]:
    """Paragraphs of Python's manual."""
    whole = (text for _, text in sorted(topics.topics.items()))
    found = [" ".join(part.split()) for text in whole for part in text.split("\n\n")]
    return [part[:400] for part in found if len(part) > 80]


def tokenizer(seed: int = 0) -> Any:
    """Bytes, merged where they often stand together; a digit is a token."""
    numbers, texts = random.Random(f"words/{seed}"), manual()
    made = Tokenizer(models.BPE())
    split: list[Any] = [
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ]
    made.pre_tokenizer = pre_tokenizers.Sequence(split)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    read = ("".join(document(numbers, texts)) for _ in range(20_000))
    made.train_from_iterator(read, trainer)
    wrap: Any = PreTrainedTokenizerFast
    return wrap(
        tokenizer_object=made,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def model(words: Any, *, width: int = 128, layers: int = 3, heads: int = 4) -> Any:
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


def trained(folder: Path, steps: int, **sizes: int) -> Path:
    """One in that folder, trained unless it is there already."""
    place = folder / f"base-{steps}"
    there = (place / "config.json").is_file()
    return place if there else train(place, steps=steps, **sizes)


def train(folder: Path, *, steps: int, lr: float = 3e-3, seed: int = 0, **sizes: int) -> Path:
    """Train one on so many batches of `ROWS` documents. The folder."""
    torch.manual_seed(seed)
    words = tokenizer()
    made = model(words, **sizes)
    optimisers = _optimisers(list(made.named_parameters()), lr)
    schedules = [LambdaLR(one, partial(_rate, steps)) for one in optimisers]
    made.train()
    for step, (ids, weights) in enumerate(itertools.islice(_batches(words, seed), steps), 1):
        logits = made(input_ids=ids[:, :-1], use_cache=False).logits
        losses = cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        loss = losses @ weights / weights.sum()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(made.parameters(), 1.0)
        for one in (*optimisers, *schedules):
            one.step()
        made.zero_grad()
        if step % SAID == 0:
            print(f"base: step {step}, loss {loss:.3f}", flush=True)
    made.eval().save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _rate(steps: int, step: int) -> float:
    """Of learning: up in 50 steps, and down in the last third."""
    return min(1.0, (step + 1) / 50, max(0.02, 3 * (steps - step) / steps))


def _optimisers(parameters: list[tuple[str, Any]], lr: float) -> list[Any]:
    """Muon for the matrices between the layers, AdamW for what is left."""
    inner = [one for name, one in parameters if one.ndim == 2 and "layers." in name]
    outer = [one for name, one in parameters if one.ndim != 2 or "layers." not in name]
    return [
        torch.optim.Muon(inner, lr=0.02, weight_decay=0.01, adjust_lr_fn="original"),
        torch.optim.AdamW(outer, lr=lr, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _batches(words: Any, seed: int) -> Iterator[Any]:
    """Ids, [ROWS, tokens], and what each but a row's first counts, [ROWS × (tokens - 1)], without
    end."""
    numbers, texts = random.Random(f"train/{seed}"), manual()
    while True:
        rows = []
        for _ in range(ROWS):
            first, then = (
                words.encode(part, add_special_tokens=False) for part in document(numbers, texts)
            )
            ids = [words.bos_token_id, *first, *then, words.eos_token_id]
            rows.append((ids[:LONG], [FIRST] * len(first) + [1.0] * (len(then) + 1)))
        longest = max(len(ids) for ids, _ in rows)
        batch = torch.full((ROWS, longest), words.pad_token_id)
        weights = torch.zeros(ROWS, longest - 1)
        for row, (ids, counts) in enumerate(rows):
            batch[row, : len(ids)] = torch.tensor(ids)
            weights[row, : len(ids) - 1] = torch.tensor(counts[: len(ids) - 1])
        yield batch, weights.flatten()
