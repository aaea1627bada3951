"""Batches of solutions of like length, the same for a seed and an epoch wherever a fit begins."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import TypedDict

from .encoding import Distribution, Encoded

SPAN = 16
"""Batches among which solutions are sorted by length: enough to leave little padding, and few
enough to leave chance its part."""


@dataclass
class ByLength:
    """The indices of each pass through the model: a `torch.utils.data.Sampler` of batches.

    Every `batch` solutions in a row make a step of the optimiser, `rows` at a time. The last step
    of an epoch has what is left, drawn by chance and not by length.
    """

    lengths: Sequence[int]
    batch: int
    rows: int
    seed: int
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch comes now, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        """How many passes."""
        whole, rest = divmod(len(self.lengths), self.batch)
        return whole * (self.batch // self.rows) + -(-rest // self.rows)

    def __iter__(self) -> Iterator[list[int]]:
        """The indices of each."""
        rng = random.Random(f"{self.seed}/{self.epoch}")
        order = list(range(len(self.lengths)))
        rng.shuffle(order)
        rest = len(order) % self.batch
        order, left = order[rest:], order[:rest]
        batches: list[list[int]] = []
        span = SPAN * self.batch
        for begin in range(0, len(order), span):
            some = sorted(order[begin : begin + span], key=self.lengths.__getitem__)
            batches += (some[n : n + self.batch] for n in range(0, len(some), self.batch))
        rng.shuffle(batches)
        for batch in [*batches, sorted(left, key=self.lengths.__getitem__)]:
            for n in range(0, len(batch), self.rows):
                yield batch[n : n + self.rows]


class Batch(TypedDict):
    """Solutions side by side."""

    input_ids: Tensor
    """[solutions, tokens], padded at the ends with 0."""
    rows: Tensor
    """Of each read position its solution, [n] ..."""
    columns: Tensor
    """... and its token, [n]."""
    targets: Tensor
    """[n, outputs]; of those positions alone that have one."""
    learnt: Tensor
    """Which positions have one, [n]."""
    where: list[str]
    """Of each solution its file and line."""


def collate(some: Sequence[Encoded], *, every: bool = False) -> Batch:
    """Of each solution the positions that have a target, or all."""
    wide = max(len(one.ids) for one in some)
    ids = torch.zeros(len(some), wide, dtype=torch.long)
    places: list[tuple[int, int]] = []
    goals: list[Distribution | None] = []
    for row, one in enumerate(some):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        for position, goal in zip(one.positions, one.targets, strict=True):
            if every or goal is not None:
                places.append((row, position))
                goals.append(goal)
    at = torch.tensor(places, dtype=torch.long).reshape(-1, 2)
    return Batch(
        input_ids=ids,
        rows=at[:, 0],
        columns=at[:, 1],
        targets=torch.tensor([goal for goal in goals if goal is not None]),
        learnt=torch.tensor([goal is not None for goal in goals], dtype=torch.bool),
        where=[one.where for one in some],
    )


def rows_of(batch: int, longest: int, tokens: int) -> int:
    """The largest divisor of `batch` of which the longest solution fits into `tokens` so often."""
    fits = max(1, tokens // longest)
    return max(n for n in range(1, batch + 1) if batch % n == 0 and n <= fits)
