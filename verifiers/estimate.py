"""How good a selection is at every n, from one large set of samples, as openai/prm800k does it
(`eval/eval.py`).

Many trials: in each, every question's samples are shuffled, the first n are candidates, and the
selection's choice is right or wrong.
"""

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from .votes import Ballot, Select, best_of_n

PRM800K_NS = (10, 25, 50, 75, 100, 200, 300, 400, 500, 750, 1000, 1250, 1500, 1860)
"""The sizes at which the paper's figure 3 is drawn."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A candidate whose grade is known."""

    ballot: Ballot
    right: bool | None
    """None: it could not be graded."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a selection among n is worth."""

    n: int
    accuracy: float
    """The share of questions whose chosen candidate is right: the mean over all trials."""
    deviation: float
    """The standard deviation over trials (of the population, as numpy's default)."""
    ungraded: float
    """The mean share of questions whose chosen candidate could not be graded. They do not count as
    right."""


def estimate(
    questions: Sequence[Sequence[Sample | None]],
    *,
    select: Select = best_of_n,
    ns: Sequence[int] = PRM800K_NS,
    trials: int = 400,
    total: int | None = None,
    seed: int = 0,
) -> list[Estimate]:
    """The accuracy of a selection at each n.

    A question's samples are filled up to `total` with None: samples that were discarded, since they
    were too long, still count towards n. If None, that is the largest n, or number of samples. A
    question for which nothing can be chosen is wrong. Unlike in prm800k the shuffles are seeded,
    and the selection is any.

    The cost is trials x questions x the sum of `ns`.

    Raises:
        InputError: no questions, an n or a number of trials that cannot be, or more samples than
            `total`.
    """
    most = max((*ns, *map(len, questions)), default=0)
    whole = most if total is None else total
    if not questions or not ns or trials < 1 or min(ns) < 1 or len(set(ns)) < len(ns):
        raise InputError("an estimate needs questions, trials, and different sizes n from 1 up")
    if whole < most:
        raise InputError(f"an estimate's `total` must be at least {most}, not {total}")
    rng = random.Random(seed)
    right: dict[int, list[float]] = {n: [] for n in ns}
    ungraded: dict[int, list[float]] = {n: [] for n in ns}
    for _ in range(trials):
        grades = [_trial(samples, select, ns, whole, rng) for samples in questions]
        for n, chosen in zip(ns, zip(*grades, strict=True), strict=True):
            right[n].append(sum(grade is True for grade in chosen) / len(questions))
            ungraded[n].append(sum(grade is None for grade in chosen) / len(questions))
    return [
        Estimate(
            n,
            statistics.fmean(right[n]),
            statistics.pstdev(right[n]),
            statistics.fmean(ungraded[n]),
        )
        for n in ns
    ]


def _trial(
    samples: Sequence[Sample | None],
    select: Select,
    ns: Sequence[int],
    total: int,
    rng: random.Random,
) -> list[bool | None]:
    """The grade of what is chosen at each n, in one order of the samples."""
    order = [*samples, *[None] * (total - len(samples))]
    rng.shuffle(order)
    grades: list[bool | None] = []
    for n in ns:
        drawn = [sample for sample in order[:n] if sample is not None]
        chosen = select([sample.ballot for sample in drawn])
        grades.append(False if chosen is None else drawn[chosen].right)
    return grades
