"""What the released script of Selective Reflection-Tuning computes, from its definition: one text
at a time, by transformers' own loss. And a model and pairs small enough for it."""

import random
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from ponder.tasks import InstructionTask
from ponder.verifiers.ifd.templates import TEMPLATES, guess
from tests.models.local import tiny

LIMIT = 256
WORDS = [
    "sort",
    "add",
    "name",
    "list",
    "the",
    "of",
    "a",
    "two",
    "blue",
    "red",
    "tree",
    "river",
    "it",
    "is",
]
Losses = dict[str, float]


@cache
def tokenizer(begins: bool = True) -> Any:
    """A byte-level BPE; with a token before every text, as Llama's, or without, as GPT-2's."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    # "::" and ": " are tokens of their own, so that they may reach over the border.
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet,
        show_progress=False,
    )  # fmt: skip
    lines = [" ".join(WORDS), "ASSISTANT:: the", "::::", TEMPLATES["vicuna"].plain]
    made.train_from_iterator(lines * 9, trainer)
    if begins:
        made.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    fast: Any = PreTrainedTokenizerFast
    return fast(tokenizer_object=made, bos_token="<s>" if begins else None, eos_token="</s>")


@cache
def model() -> Any:
    """A random Llama."""
    return tiny.model(vocabulary=len(tokenizer()), max_position_embeddings=LIMIT)


def saved(folder: Path, begins: bool = True) -> str:
    """The name of the model in a folder."""
    model().save_pretrained(folder)
    tokenizer(begins).save_pretrained(folder)
    return str(folder)


def pairs(count: int, seed: int = 0) -> list[InstructionTask]:
    """Pairs of all lengths, the longest of them too long."""
    rng = random.Random(seed)

    def text(most: int) -> str:
        return " ".join(rng.choices(WORDS, k=1 + int(most ** rng.random())))

    return [
        InstructionTask(str(n), text(60), text(120), text(9) if n % 3 == 0 else "")
        for n in range(count)
    ]


def losses(pair: InstructionTask, *, begins: bool = True, limit: int = LIMIT) -> Losses:
    """L(x), L(y), L(x|y') and L(y|x), as the script has them; NaN where it has NaN."""
    encode, prompt = tokenizer(begins).encode, TEMPLATES["vicuna"]
    asked, reverse = prompt(pair.instruction, pair.input), prompt(guess(pair.output))
    x, y = pair.instruction + pair.input, pair.output

    def loss(text: str, most: int, found: str | None = None) -> float:
        ids = torch.tensor([encode(text, truncation=True, max_length=most)])
        labels = ids.clone()
        if found is not None:
            labels[0, : len(encode(text[: text.rfind(found)]))] = -100
        with torch.inference_mode():
            return float(model()(input_ids=ids, labels=labels).loss)

    room = {
        name: limit - len(encode(text, truncation=True, max_length=limit)) + 1
        for name, text in (("x", reverse), ("y", asked))
    }
    return {
        "x": loss(x, room["x"]),
        "y": loss(y, room["y"]),
        "x|y": loss(reverse + x, limit, pair.instruction),
        "y|x": loss(asked + y, limit, y),
    }
