"""Students: the base, tuned on pairs; and how well one answers what it has not seen."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoModelForCausalLM, AutoTokenizer

from ponder.models.local.loading import quiet
from reproductions.curves import Array

BATCH = 16
RATE = 1e-3
"""Of learning at its most: settled on clean pairs alone, of another seed."""
WARM = 0.1
"""The share of the steps in which it rises; then it falls to nothing along a cosine. (The paper's
0.03 would be one step here.)"""
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
    def base(cls, folder: Path) -> "Tuned":
        """The one that has not been tuned."""
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


def tune(base: Path, pairs: Sequence[Texts], *, steps: int, seed: int) -> Tuned:
    """A student of these pairs after so many steps of `BATCH` of them, however many there are: each
    pass is in a new order, drawn from the seed. Of none it is the base."""
    torch.manual_seed(seed)
    numbers = random.Random(f"tune/{seed}")
    tuned = Tuned.base(base)
    optimiser = torch.optim.AdamW(tuned.model.parameters(), lr=RATE, weight_decay=0.0)
    schedule = LambdaLR(optimiser, lambda step: _rate(step / steps))
    left: list[Texts] = []
    tuned.model.train()
    for _ in range(steps if pairs else 0):
        while len(left) < BATCH:
            left += numbers.sample(pairs, len(pairs))
        ids, labels = tuned.batch(left[:BATCH])
        left = left[BATCH:]
        logits = tuned.model(input_ids=ids, use_cache=False).logits[:, :-1]
        loss = cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten())
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(tuned.model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
    tuned.model.eval()
    return tuned


def _rate(done: float) -> float:
    """A share of `RATE`, by the share of the steps that are done."""
    if done < WARM:
        return (done + 0.01) / (WARM + 0.01)
    return float(0.5 * (1 + np.cos(np.pi * (done - WARM) / (1 - WARM))))
