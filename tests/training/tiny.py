"""Base models small enough to be fitted in a moment, and solutions to fit them to."""

import random
from pathlib import Path
from typing import Any

import torch
import transformers

from ponder.training import Example
from tests.verifiers.prm.tiny import CHATML, LLAMA, byte_level

torch.set_num_threads(1)  # more are slower for matrices this small

SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}


def base(
    folder: Path,
    *,
    family: str = "Llama",
    chat: bool = True,
    llama: bool = True,
    length: int = 256,
) -> Path:
    """A random language model and its tokenizer."""
    torch.manual_seed(0)
    tokenizer = byte_level(LLAMA if llama else CHATML)
    sizes = {**SIZES, "vocab_size": len(tokenizer), "max_position_embeddings": length}
    if family == "GPT2":
        sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
        sizes |= {"vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": None}
    config = getattr(transformers, f"{family}Config")(**sizes)
    auto: Any = transformers.AutoModelForCausalLM
    auto.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if not chat:
        for file in folder.glob("*.jinja"):
            file.unlink()
    return folder


def examples(questions: int = 12, each: int = 2, *, seed: int = 0) -> list[Example]:
    """Sums, some of them wrong: a step is right if it says "yes"."""
    rng = random.Random(seed)
    found: list[Example] = []
    for question in range(questions):
        for _ in range(each):
            truth = [rng.random() < 0.6 for _ in range(rng.randrange(1, 4))]
            steps = tuple(f"{rng.randrange(9)} {'yes' if one else 'no'}" for one in truth)
            found.append(
                Example(
                    f"What is {question}?",
                    steps,
                    tuple(map(float, truth)),
                    correct=all(truth),
                    answer="1",
                    id=f"q{question}",
                    where=f"train.jsonl line {len(found) + 1}",
                )
            )
    return found
