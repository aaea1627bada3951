"""The compute-optimal choice: the best strategy of each bin of difficulty, honestly measured.

Paper: "Scaling LLM Test-Time Compute Optimally", section 3.2 (arXiv 2408.03314): inside each bin,
the strategy that is best on one fold of the questions is reported on the other, and the other way
round. A strategy that is chosen and reported on the same questions looks better than it is, the
more so the more strategies there are: `in_sample` is that number, for comparison.

Folds are drawn once, from a seed. A bin of one question has nothing to choose by: there, and in
whatever else has no evidence, the first strategy of the table stands, which is the simplest.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..metrics.bootstrap import Array
from .outcomes import Table

TIE = 1e-9
"""Accuracies that differ by less are equal: what is left of them is how a sum was rounded."""
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Split:
    """Questions of a table, each in a bin and in one of two folds."""

    bins: Places
    """Each question's bin, from 1."""
    folds: Places
    """0 or 1."""

    def parts(self) -> Iterator["Part"]:
        """Two for each bin."""
        for number in sorted(set(self.bins.tolist())):
            for fold in (0, 1):
                own, inside = self.bins == number, self.folds == fold
                yield Part(number, own & inside, inside, own & ~inside)


class Part(NamedTuple):
    """A fold of a bin."""

    bin: int
    chosen_by: Mask
    """The questions that choose: those of the bin in this fold."""
    inside: Mask
    """All questions in this fold."""
    reported: Mask
    """The questions that are reported on: those of the bin in the other."""


def split(questions: Sequence[str], bins: Mapping[str, int], seed: int = 0) -> Split:
    """Two folds of each bin, of equal size but for one question.

    Raises:
        InputError: a question is in no bin.
    """
    missing = [question for question in questions if question not in bins]
    if missing:
        raise InputError(f"question {missing[0]} is in no bin of difficulty")
    numbers = np.array([bins[question] for question in questions], dtype=np.int64)
    folds = np.zeros(len(questions), dtype=np.int64)
    for number in sorted(set(numbers.tolist())):
        places = np.flatnonzero(numbers == number).tolist()
        places.sort(key=lambda place: questions[place])  # whatever order the table has
        random.Random(f"{seed}/{number}").shuffle(places)
        folds[places[1::2]] = 1
    return Split(numbers, folds)


def best(accuracy: Array, weight: Array | None = None) -> Places:
    """The place of the strategy that is best on those questions (questions × strategies), the
    first among equals and where there is no question: one for each row of `weight` (resamples ×
    questions; if None, each question once)."""
    rows = np.ones((1, len(accuracy))) if weight is None else weight
    right = rows @ accuracy
    slack = TIE * (1 + rows.sum(axis=1, keepdims=True))
    first: Places = np.argmax(right >= right.max(axis=1, keepdims=True) - slack, axis=1)
    return first


def two_fold(table: Table, groups: Split) -> Array:
    """Each question's accuracy under the strategy that the other fold of its bin chose. Their mean
    is the compute-optimal accuracy."""
    values = np.empty(len(table.questions))
    for part in groups.parts():
        chosen = best(table.accuracy[part.chosen_by])[0]
        values[part.reported] = table.accuracy[part.reported, chosen]
    return values


def in_sample(table: Table, groups: Split) -> Array:
    """Each question's accuracy under the strategy that is best in its bin, itself included: a
    number that grows with the strategies tried, even if all are equally good."""
    values = np.empty(len(table.questions))
    for number in set(groups.bins.tolist()):
        own = groups.bins == number
        values[own] = table.accuracy[own, best(table.accuracy[own])[0]]
    return values
