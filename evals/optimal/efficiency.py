"""How much further best-of-n would have to go to get as far: the "4 × less compute" of the paper
(arXiv 2408.03314, sections 5.3 and 6.2)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from ...errors import InputError
from ..metrics.bootstrap import Interval

Censored = Literal["", "above", "below"]
"""Why a number is a bound: what was asked for lies above, or below, all that was measured."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Generations that best-of-n needs for an accuracy."""

    generations: float
    """Where it is censored, the most ("above") or fewest ("below") that were measured."""
    censored: Censored = ""


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What a budget is worth in generations of best-of-n."""

    budget: int
    accuracy: float
    needed: Needed
    interval: Interval | None = None
    """Of the factor, by a bootstrap over questions; an infinite bound: best-of-n never gets there
    in some resamples."""

    @property
    def factor(self) -> float:
        """Generations of best-of-n for one: above 1, it needs more. A bound where `needed` is."""
        return self.needed.generations / self.budget

    def __str__(self) -> str:
        sign = {"": "", "above": "> ", "below": "≤ "}[self.needed.censored]
        bounds = f" [{self.interval.low:.2f}, {self.interval.high:.2f}]" if self.interval else ""
        return f"{sign}{self.factor:.2f} ×{bounds}".replace("inf", "∞")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "budget": self.budget,
            "accuracy": self.accuracy,
            "needed": self.needed.generations,
            "censored": self.needed.censored,
            "factor": self.factor,
            "interval": self.interval and self.interval.to_json(),
        }


def needed(curve: Mapping[int, float], accuracy: float) -> Needed:
    """The fewest generations at which a curve, accuracy by generations, reaches that accuracy:
    between two of its points on a straight line over log N. Nothing is extrapolated: beyond either
    end the number is a bound.

    Raises:
        InputError: the curve has no point, or one below 1 generation.
    """
    if not curve or min(curve) < 1:
        raise InputError("a curve needs accuracies by numbers of generations from 1 up")
    points = sorted(curve.items())
    if points[0][1] >= accuracy:
        return Needed(points[0][0], "below" if points[0][1] > accuracy else "")
    for (n, low), (m, high) in pairwise(points):
        if low < accuracy <= high:
            part = (accuracy - low) / (high - low)
            return Needed(math.exp(math.log(n) + part * (math.log(m) - math.log(n))))
    return Needed(points[-1][0], "above")


def efficiency(curve: Mapping[int, float], budget: int, accuracy: float) -> Efficiency:
    """What `budget` generations that come to `accuracy` are worth, given best-of-n's curve.

    Raises:
        InputError: as `needed`.
    """
    return Efficiency(budget, accuracy, needed(curve, accuracy))


def at_generations(curve: Mapping[int, float], generations: float) -> tuple[float, Censored]:
    """The accuracy of a curve at a number of generations, likewise; beyond its ends, the end's.

    Raises:
        InputError: as `needed`.
    """
    if not curve or min(curve) < 1:
        raise InputError("a curve needs accuracies by numbers of generations from 1 up")
    points = sorted(curve.items())
    if generations <= points[0][0]:
        return points[0][1], "below" if generations < points[0][0] else ""
    for (n, low), (m, high) in pairwise(points):
        if generations <= m:
            part = math.log(generations / n) / math.log(m / n)
            return low + part * (high - low), ""
    return points[-1][1], "above"
