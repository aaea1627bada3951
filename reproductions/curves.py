"""Accuracy over n, exactly: of all ways to draw n of a question's samples."""

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ponder.verifiers.votes import Ballot, Select
from reproductions.arithmetic import Solution

Array = NDArray[np.float64]
TRIALS = 20
"""Draws of n samples, for votes."""


def best_of_n(
    scores: Sequence[float | None], correct: Sequence[bool], ns: Sequence[int]
) -> list[float]:
    """The probability that the best-scored of n samples is right, n drawn without replacement. One
    without a score counts towards n and is never chosen (openai/prm800k eval.py); of equal ones the
    earlier wins.

    Best first, the one in place i is the best of n in C(N − 1 − i, n − 1) of C(N, n) draws.
    """
    known = [place for place, score in enumerate(scores) if score is not None]
    ranked = sorted(known, key=lambda place: -(scores[place] or 0.0))
    right = np.array([correct[place] for place in ranked], dtype=np.float64)
    return [float(right @ _chances(len(scores), n)[: len(right)]) for n in ns]


def _chances(samples: int, n: int) -> Array:
    """Of each place, that it is the best of n."""
    chances = np.zeros(samples)
    chance = n / samples
    for place in range(samples - n + 1):
        chances[place] = chance
        left = samples - 1 - place
        chance *= (left - n + 1) / left if left else 0.0
    return chances


def voted(
    solutions: Sequence[Solution],
    scores: Sequence[float | None],
    ns: Sequence[int],
    select: Select,
    seed: int,
) -> list[float]:
    """The share of draws of n in which the answer that a vote selects is right."""
    numbers = random.Random(f"votes/{seed}/{solutions[0].question.text}")
    known = {one.answer: place for place, one in enumerate(solutions) if one.answer is not None}
    cast = [
        (Ballot(None if one.answer is None else known[one.answer], score), one.correct)
        for one, score in zip(solutions, scores, strict=True)
    ]
    found = []
    for n in ns:
        right = 0
        for _ in range(TRIALS):
            drawn = numbers.sample(cast, n)
            place = select([ballot for ballot, _ in drawn])
            right += place is not None and drawn[place][1]
        found.append(right / TRIALS)
    return found
