"""pass@k against what its samples cost, so that graphs that spend differently can be compared.

As PlanSearch's appendix D has it (2409.03733, figure 17), by what is spent on average for k samples
of a task. A sample's share of its task's cost is that cost divided by the samples drawn: what a
search spends before its first answer is spread over them all, judging too. Beyond the samples that
a task has, nothing more is spent, and nothing more is solved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .bootstrap import Array, Interval
from .measures import PASSES, Name
from .pass_at_k import pass_at
from .tally import Tally

Unit = Literal["tokens", "calls"]


@dataclass(frozen=True, slots=True)
class Point:
    """What k samples of each task cost on average, and come to."""

    k: int
    tokens: float
    calls: float
    usd: float | None
    value: Interval

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        own = {"k": self.k, "tokens": self.tokens, "calls": self.calls, "usd": self.usd}
        return {**own, "value": self.value.to_json()}


def curve(
    tallies: Sequence[Tally], kind: str, values: Mapping[Name, Interval | None]
) -> list[Point]:
    """pass@k of that kind ("pass", "filtered", "base"), a point for each k that has a value. A
    sample that a filter leaves bears the cost of those it does not; a task of which it leaves none
    has spent everything."""
    graded = [one for one in tallies if PASSES[kind](one) is not None]
    points = []
    for (what, k), value in values.items():
        if what == kind and value is not None:
            shares = _shares(graded, kind, [k])[0]
            tokens, calls = (
                float(np.mean([getattr(one.usage, unit) for one in graded] * shares))
                for unit in ("tokens", "calls")
            )
            points.append(Point(k, tokens, calls, _usd(graded, shares), value))
    return points


def samples_for(tallies: Sequence[Tally], amount: float, unit: Unit = "tokens") -> float:
    """How many samples of each task cost that much on average; all, where it is more."""
    ks = np.arange(max((one.drawn for one in tallies), default=0) + 1)
    spent = _shares(tallies, "pass", ks) @ np.array([getattr(one.usage, unit) for one in tallies])
    return float(np.interp(amount, spent / max(1, len(tallies)), ks))


def pass_at_cost(
    tallies: Sequence[Tally], amount: float, unit: Unit = "tokens"
) -> dict[str, float]:
    """What each graded task comes to, by its id, with as many samples as cost that much on average
    (`samples_for`)."""
    graded = [one for one in tallies if one.every is not None]
    k = samples_for(graded, amount, unit)
    return {one.task: pass_at(*one.every, k) for one in graded if one.every is not None}


def _usd(tallies: Sequence[Tally], shares: Array) -> float | None:
    costs = [one.usage.cost for one in tallies]
    known = [cost for cost in costs if cost is not None]
    return float(np.mean(known * shares)) if len(known) == len(costs) else None


def _shares(tallies: Sequence[Tally], kind: str, ks: Any) -> Array:
    """The part of each task's cost that k samples are (ks × tasks)."""
    pools = [PASSES[kind](one) for one in tallies]
    ns = np.array([pool.n if pool is not None else 0 for pool in pools])
    bought = np.minimum.outer(np.asarray(ks, dtype=np.float64), ns)
    return np.where(ns == 0, 1.0, bought / np.maximum(ns, 1))
