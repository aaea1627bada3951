"""Every number of a run as a sum over tasks divided by another: what a summary has intervals of,
and what two runs are compared by."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .pass_at_k import ks_for, pass_at_k
from .tally import Pool, Tally

Values = Sequence[float | None]
"""One a task; None where it has none."""
PASSES: Mapping[str, Callable[[Tally], Pool | None]] = {
    "pass": lambda one: one.every,
    "filtered": lambda one: one.public,
    "base": lambda one: one.base,
}
"""Kinds of pass@k, and the samples that each is of."""
COSTS: Mapping[str, Callable[[Tally], float | None]] = {
    "tokens": lambda one: float(one.usage.tokens),
    "calls": lambda one: float(one.usage.calls),
    "usd": lambda one: one.usage.cost,
    "seconds": lambda one: one.seconds,
    "verifier tokens": lambda one: float(one.judging.tokens),
}
"""Of each task. Seconds are of the clock, while other tasks were thought about, too."""
PER_SOLVED = " per solved task"


class Name(NamedTuple):
    """What is measured, and of how many samples; 0 where that has no meaning."""

    what: str
    n: int = 0

    def __str__(self) -> str:
        return f"{self.what}@{self.n}" if self.n else self.what


class Measure(NamedTuple):
    """The sum of the one over tasks, divided by that of the other; a mean where that is ones."""

    above: Values
    below: Values


def measures(tallies: Sequence[Tally]) -> dict[Name, Measure]:
    """All that these tasks, in their order, have values for."""
    found = {**dict(_passes(tallies)), **dict(_votes(tallies)), **dict(_costs(tallies))}
    return {name: one for name, one in found.items() if any(v is not None for v in one.above)}


def _mean(values: Values) -> Measure:
    return Measure(values, [1.0] * len(values))


def _passes(tallies: Sequence[Tally]) -> Iterator[tuple[Name, Measure]]:
    ks = ks_for({one.drawn for one in tallies})
    for kind, pool_of in PASSES.items():
        if kind == "filtered" and not any(one.filters for one in tallies):
            continue
        pools = [pool_of(one) for one in tallies]
        for k in ks:
            yield Name(kind, k), _mean([pool and pass_at_k(*pool, k) for pool in pools])
    yield Name("solved"), _mean([_number(one.solved) for one in tallies])


def _votes(tallies: Sequence[Tally]) -> Iterator[tuple[Name, Measure]]:
    for way in sorted({way for one in tallies for way in one.votes}):
        for n in sorted({n for one in tallies for n in one.votes.get(way, {})}):
            yield Name(way, n), _mean([_vote(one, way, n) for one in tallies])


def _vote(one: Tally, way: str, n: int) -> float | None:
    """Whether that way's choice of the first n is right. Where fewer came, that of the largest
    number that it chose among; where it chose nothing, its answer is missing, which is wrong."""
    chosen = [m for m in one.votes.get(way, {}) if m <= n]
    if not chosen:
        return 0.0 if one.keyed else None
    return _number(one.votes[way][max(chosen)])


def _costs(tallies: Sequence[Tally]) -> Iterator[tuple[Name, Measure]]:
    solved = [_number(one.solved) for one in tallies]
    for unit, cost_of in COSTS.items():
        costs = [cost_of(one) for one in tallies]
        if None not in costs:  # a sum with something unknown in it is unknown
            yield Name(unit), _mean(costs)
            yield Name(unit + PER_SOLVED), Measure(costs, solved)


def _number(grade: bool | None) -> float | None:
    return None if grade is None else float(grade)
