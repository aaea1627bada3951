"""How good scores are: at choosing among solutions, at finding the first wrong step, and as
probabilities. Plain arithmetic on what any verifier gave."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

BINS = 10
"""Of the expected calibration error, all of one width."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A solution of a pool."""

    score: float | None
    """None: it has none, and is never chosen."""
    correct: bool


def best_of_n(questions: Sequence[Sequence[Scored]], n: int) -> float:
    """The share of questions whose best of n is right (2305.20050, section 2.1): the expectation
    over all draws of n of a question's solutions without replacement, where prm800k's eval.py (and
    `verifiers.estimate`) takes a mean over some. Ties are broken by chance.

    Solutions without a score count towards n and are never chosen; where all that are drawn are
    such, the question is wrong.

    Raises:
        InputError: there are no questions, or one has fewer than n solutions.
    """
    if not questions or n < 1 or min(map(len, questions)) < n:
        few = min(map(len, questions), default=0)
        raise InputError(f"best of {n} needs questions with as many solutions each, not {few}")
    return math.fsum(_chosen_right(one, n) for one in questions) / len(questions)


def _chosen_right(solutions: Sequence[Scored], n: int) -> float:
    groups: dict[float, list[bool]] = {}
    for one in solutions:
        if one.score is not None:
            groups.setdefault(one.score, []).append(one.correct)
    worse, all_draws = len(solutions), math.comb(len(solutions), n)
    total = 0.0
    for score in sorted(groups, reverse=True):
        # The best that is drawn has this score if none is better and not all are worse.
        right, before = groups[score], math.comb(worse, n)
        worse -= len(right)
        chance = (before - math.comb(worse, n)) / all_draws
        total += chance * sum(right) / len(right)
    return total


@dataclass(frozen=True, slots=True)
class FirstError:
    """How well first wrong steps are found, as ProcessBench has it (Zheng et al., 2412.06559)."""

    f1: float
    """The harmonic mean of the two accuracies."""
    wrong: float
    """The share of erroneous solutions whose first wrong step is found exactly."""
    right: float
    """The share of correct solutions in which none is found."""
    threshold: float
    """A step whose score is less counts as wrong."""


def first_below(scores: Sequence[float] | None, threshold: float) -> int | None:
    """The index of the first step with a lower score; -1 if there is none, None without scores."""
    if scores is None:
        return None
    return next((n for n, score in enumerate(scores) if score < threshold), -1)


def first_error(
    scores: Sequence[Sequence[float] | None], labels: Sequence[int], threshold: float
) -> FirstError | None:
    """ProcessBench's measure at a threshold. `labels` are the indices of first wrong steps, or -1.
    A solution without scores is a miss. None if only erroneous or only correct ones are there."""
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for some, label in zip(scores, labels, strict=True):
        hits[label == -1].append(first_below(some, threshold) == label)
    if not hits[True] or not hits[False]:
        return None
    wrong = sum(hits[False]) / len(hits[False])
    right = sum(hits[True]) / len(hits[True])
    f1 = 2 * wrong * right / (wrong + right) if wrong + right else 0.0
    return FirstError(f1, wrong, right, threshold)


def best_threshold(
    scores: Sequence[Sequence[float] | None], labels: Sequence[int], most: int = 200
) -> FirstError | None:
    """The threshold with the best F1 on these solutions, of the scores that there are (of `most`
    quantiles where there are more); the lowest of equals. For validation data."""
    seen = sorted({score for some in scores if some is not None for score in some})
    if len(seen) > most:
        seen = sorted({float(x) for x in np.quantile(seen, np.linspace(0, 1, most))})
    found = [first_error(scores, labels, threshold) for threshold in seen]
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: one.f1) if known else None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities are from what they are of."""

    ece: float
    """The expected calibration error: the mean, over all steps, of the distance between the mean
    probability and the mean label of their bin, in `BINS` bins of one width."""
    brier: float
    """The mean squared distance of probabilities and labels. Soft labels have noise of their own,
    which no probability avoids."""
    mae: float
    """The mean distance."""
    steps: int
    """How many steps."""


def calibration(scores: Sequence[float], labels: Sequence[float]) -> Calibration | None:
    """Of steps' probabilities of being right and their (soft) labels. None without any."""
    if not scores:
        return None
    given, wanted = np.asarray(scores, float), np.asarray(labels, float)
    places = np.minimum((given * BINS).astype(int), BINS - 1)
    off = np.bincount(places, given - wanted, BINS)
    return Calibration(
        float(np.abs(off).sum() / len(given)),
        float(((given - wanted) ** 2).mean()),
        float(np.abs(given - wanted).mean()),
        len(given),
    )


def pooled(
    scores: Sequence[float | None], correct: Sequence[bool], questions: Sequence[str]
) -> Mapping[str, list[Scored]]:
    """A pool's solutions by question."""
    found: dict[str, list[Scored]] = {}
    for score, right, question in zip(scores, correct, questions, strict=True):
        found.setdefault(question, []).append(Scored(score, right))
    return found


def sizes(questions: Mapping[str, Sequence[Scored]]) -> list[int]:
    """The n's to measure: 1, 2, 4, ... up to what every question has solutions for, and that."""
    most = min(map(len, questions.values()), default=0)
    return sorted({2**power for power in range(most.bit_length())} | ({most} if most else set()))
