"""Differences between two runs, task by task: what both share cancels out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .bootstrap import Column, Interval, interval_of, mean_of, resampled


@dataclass(frozen=True, slots=True)
class Paired:
    """The first run's number less the second's, over the tasks that both have."""

    difference: Interval | None
    """None where they have none in common."""
    tasks: int
    """How many both have."""
    only_first: int
    """Tasks that only the first has a value of: compared with nothing."""
    only_second: int

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "difference": self.difference and self.difference.to_json(),
            "tasks": self.tasks,
            "only_first": self.only_first,
            "only_second": self.only_second,
        }


def paired_difference(a: Mapping[str, float], b: Mapping[str, float], seed: int = 0) -> Paired:
    """The mean of a − b over the tasks that both have, by their ids."""
    both = [task for task in a if task in b]
    mean = mean_of([a[task] - b[task] for task in both])
    (difference,) = differences([mean], [Column(np.zeros(len(both)), mean.below)], seed)
    return Paired(difference, len(both), len(a) - len(both), len(b) - len(both))


def differences(a: Sequence[Column], b: Sequence[Column], seed: int = 0) -> list[Interval | None]:
    """Each number of the first run less that of the second, with its interval, over the same
    resamples of the same tasks: columns of both have an entry for every task that both have."""
    if not a:
        return []
    whole, drawn = resampled([*a, *b], seed)
    # What is infinite in both differs by nothing that can be said.
    with np.errstate(invalid="ignore"):
        whole, drawn = whole[: len(a)] - whole[len(a) :], drawn[:, : len(a)] - drawn[:, len(a) :]
    return [interval_of(whole[at], drawn[:, at]) for at in range(len(a))]
