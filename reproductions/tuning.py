"""Students: the base, tuned on pairs; and how well one answers what it has not seen."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from ponder.models.local.loading import quiet
from ponder.training import fit_student, student_options
from ponder.training.instructions import Turn
from reproductions.curves import Array

BATCH = 16
SETTINGS = {"epochs": 1, "batch": BATCH, "lr": 1e-3, "warmup": 0.1, "template": "chat"}
"""Of a student's fit. The learning rate was settled on pairs of another seed, clean and noisy; the
paper's warmup of 0.03 would be one step here."""
LONGEST = 32
"""Tokens of an answer that is written."""
IGNORED = -100

Texts = tuple[str, str]


@dataclass(frozen=True)
class Tuned:
    """A student in memory."""

    model: Any
    words: Any

    @classmethod
    def read(cls, folder: Path) -> "Tuned":
        """The one in that folder."""
        with quiet():
            words: Any = AutoTokenizer.from_pretrained(folder)
            model: Any = AutoModelForCausalLM.from_pretrained(folder)
            return cls(model.eval(), words)

    def prompt(self, instruction: str) -> list[int]:
        """The tokens of a question, up to where its answer begins."""
        turn = [{"role": "user", "content": instruction}]
        text = self.words.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        found: list[int] = self.words.encode(text, add_special_tokens=False)
        return found

    def losses(self, pairs: Sequence[Texts]) -> Array:
        """Of each pair's answer, its end included, the mean negative log-likelihood, in nats a
        token."""
        found = []
        with torch.no_grad():
            for start in range(0, len(pairs), BATCH):
                ids, labels = self.batch(pairs[start : start + BATCH])
                logits = self.model(input_ids=ids, use_cache=False).logits[:, :-1]
                each = cross_entropy(logits.mT, labels[:, 1:], reduction="none")
                found += (each.sum(1) / (labels[:, 1:] != IGNORED).sum(1)).tolist()
        return np.array(found)

    def batch(self, pairs: Sequence[Texts]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and labels, [pairs, tokens], padded at their ends: only answers count."""
        rows = []
        for instruction, answer in pairs:
            asked = self.prompt(instruction)
            said = self.words.encode(answer, add_special_tokens=False)
            rows.append((asked, [*said, self.words.eos_token_id]))
        longest = max(len(asked) + len(said) for asked, said in rows)
        ids = torch.full((len(rows), longest), self.words.pad_token_id)
        labels = torch.full((len(rows), longest), IGNORED)
        for row, (asked, said) in enumerate(rows):
            end = len(asked) + len(said)
            ids[row, :end] = torch.tensor(asked + said)
            labels[row, len(asked) : end] = torch.tensor(said)
        return ids, labels

    def answers(self, instructions: Sequence[str]) -> list[str]:
        """What it writes, the likeliest token each time."""
        order = sorted(range(len(instructions)), key=lambda i: len(self.prompt(instructions[i])))
        found = [""] * len(instructions)
        for start in range(0, len(order), 2 * BATCH):
            some = order[start : start + 2 * BATCH]
            for place, text in zip(some, self._write([instructions[i] for i in some]), strict=True):
                found[place] = text
        return found

    def _write(self, instructions: Sequence[str]) -> list[str]:
        prompts = [self.prompt(one) for one in instructions]
        longest = max(map(len, prompts))
        fill = self.words.pad_token_id
        ids = torch.tensor([[fill] * (longest - len(one)) + one for one in prompts])
        mask = torch.tensor([[0] * (longest - len(one)) + [1] * len(one) for one in prompts])
        with torch.no_grad():
            written = self.model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=LONGEST, do_sample=False
            )
        texts: list[str] = self.words.batch_decode(written[:, longest:], skip_special_tokens=True)
        return texts


def tune(base: Path, pairs: Sequence[Texts], folder: Path, *, steps: int, seed: int) -> Tuned:
    """A student of these pairs after so many steps of `BATCH` of them, however many there are: none
    is seen more than once more often than another. Of none it is the base."""
    if not pairs:
        return Tuned.read(base)
    numbers = random.Random(f"tune/{seed}")
    rows: list[Texts] = []
    while len(rows) < steps * BATCH:
        rows += numbers.sample(pairs, len(pairs))
    data = [
        ((Turn("user", instruction), Turn("assistant", answer)), f"pair {place}")
        for place, (instruction, answer) in enumerate(rows[: steps * BATCH])
    ]
    fit_student(data, base, folder, student_options("small", seed=seed, **SETTINGS))
    return Tuned.read(folder)
