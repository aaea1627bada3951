"""What a compute-optimal choice is worth, bin by bin and over all, with intervals.

Intervals are of 95 %, by a bootstrap over questions that chooses anew in every resample, so that
they hold the luck of the choice, too. A question stays in its bin and its fold however often it is
drawn: it is never on both sides.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ..metrics.bootstrap import Array, Interval, interval_of, weights
from .choice import Split, best, in_sample, split
from .efficiency import Efficiency, efficiency
from .grid import BASELINE
from .outcomes import Table


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen in a bin."""

    bin: int
    questions: int
    strategy: str
    """The best of all its questions: what a policy says."""
    folds: tuple[str, str]
    """What each fold chose. Where they differ, the evidence is thin."""
    accuracy: Interval
    """Of the choice, each fold's reported on the other."""
    baseline: Interval
    gain: Interval
    """Of the choice over the baseline, on the same questions."""
    in_sample: float
    """The accuracy of `strategy` on the very questions it was chosen by: too good."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class Optimal:
    """What a compute-optimal choice is worth with one budget."""

    budget: int
    questions: int
    dropped: int
    """Questions left out, since a strategy has no grade of them."""
    baseline: str
    choices: tuple[Choice, ...]
    """One a bin, the easiest first."""
    accuracy: Interval
    at_baseline: Interval
    gain: Interval
    in_sample: float
    best_fixed: str
    """The strategy that is best over all questions."""
    fixed: Interval
    """The accuracy of one strategy for all questions, chosen on one half and reported on the
    other."""
    over_fixed: Interval
    """Of the choice by bins over that: what knowing the difficulty is worth."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**_plain(self), "choices": [one.to_json() for one in self.choices]}


class Sums(NamedTuple):
    """Right answers in each bin, of each resample (resamples × bins)."""

    chosen: Array
    base: Array
    fixed: Array
    weight: Array
    """Questions, as often as they were drawn."""


def optimal(
    table: Table, bins: Mapping[str, int], baseline: str = BASELINE, *, seed: int = 0
) -> Optimal:
    """The best strategy of each bin, and what that gains over one strategy for all.

    Raises:
        InputError: a question is in no bin, or the table has no such baseline.
    """
    base = table.column(baseline)
    groups = split(table.questions, bins, seed)
    whole = _sums(table, groups, base, np.ones((1, len(base))))
    parts = [_sums(table, groups, base, rows) for rows in weights(len(base), seed)]
    drawn = Sums(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    every = slice(None)
    return Optimal(
        budget=table.budget,
        questions=len(table.questions),
        dropped=table.dropped,
        baseline=baseline,
        choices=_choices(table, groups, whole, drawn),
        accuracy=_mean(whole, drawn, "chosen", every),
        at_baseline=_mean(whole, drawn, "base", every),
        gain=_difference(whole, drawn, "base", every),
        in_sample=float(in_sample(table, groups).mean()),
        best_fixed=table.strategies[best(table.accuracy)[0]],
        fixed=_mean(whole, drawn, "fixed", every),
        over_fixed=_difference(whole, drawn, "fixed", every),
    )


def efficiency_of(
    table: Table, bins: Mapping[str, int], curve: Mapping[int, Array], *, seed: int = 0
) -> Efficiency:
    """What the compute-optimal choice is worth in generations of best-of-n, with its interval.
    `curve` is best-of-n's accuracy on each question of the table, by how many answers.

    Raises:
        InputError: a question is in no bin, or the curve has no point.
    """
    groups = split(table.questions, bins, seed)
    ns = sorted(curve)
    columns = np.stack([curve[n] for n in ns], axis=1)

    def drawn(rows: Array) -> Array:
        sums = _sums(table, groups, columns[:, 0], rows)
        means = rows @ columns / rows.sum(axis=1, keepdims=True)
        return np.column_stack([_share(sums, "chosen", slice(None)), means])

    whole = drawn(np.ones((1, len(table.questions))))[0].tolist()
    found = efficiency(dict(zip(ns, whole[1:], strict=True)), table.budget, whole[0])
    factors = [
        _factor(ns, row, table.budget)
        for rows in weights(len(table.questions), seed)
        for row in drawn(rows).tolist()
    ]
    return replace(found, interval=interval_of(found.factor, np.array(factors)))


def _factor(ns: Sequence[int], row: Sequence[float], budget: int) -> float:
    one = efficiency(dict(zip(ns, row[1:], strict=True)), budget, row[0])
    return math.inf if one.needed.censored == "above" else one.factor


def _choices(table: Table, groups: Split, whole: Sums, drawn: Sums) -> tuple[Choice, ...]:
    inside, numbers = in_sample(table, groups), _numbers(groups)
    folds: dict[int, list[str]] = {}
    for part in groups.parts():
        strategy = table.strategies[best(table.accuracy[part.chosen_by])[0]]
        folds.setdefault(part.bin, []).append(strategy)
    return tuple(
        Choice(
            bin=number,
            questions=int(own.sum()),
            strategy=table.strategies[best(table.accuracy[own])[0]],
            folds=(folds[number][0], folds[number][1]),
            accuracy=_mean(whole, drawn, "chosen", slice(place, place + 1)),
            baseline=_mean(whole, drawn, "base", slice(place, place + 1)),
            gain=_difference(whole, drawn, "base", slice(place, place + 1)),
            in_sample=float(inside[own].mean()),
        )
        for place, number in enumerate(numbers)
        if (own := groups.bins == number).any()
    )


def _sums(table: Table, groups: Split, base: Array, rows: Array) -> Sums:
    """Of each resample, whose rows say how often it has each question."""
    numbers = _numbers(groups)
    zeros = np.zeros((len(rows), len(numbers)))
    sums = Sums(zeros, zeros.copy(), zeros.copy(), zeros.copy())
    for part in groups.parts():
        at, weight = numbers.index(part.bin), rows[:, part.reported]
        right = weight @ table.accuracy[part.reported]
        for questions, into in ((part.chosen_by, sums.chosen), (part.inside, sums.fixed)):
            places = best(table.accuracy[questions], rows[:, questions])
            into[:, at] += np.take_along_axis(right, places[:, None], axis=1)[:, 0]
        sums.base[:, at] += weight @ base[part.reported]
        sums.weight[:, at] += weight.sum(axis=1)
    return sums


def _numbers(groups: Split) -> list[int]:
    return sorted(set(groups.bins.tolist()))


def _mean(whole: Sums, drawn: Sums, what: str, bins: slice) -> Interval:
    return _interval(_share(whole, what, bins), _share(drawn, what, bins))


def _difference(whole: Sums, drawn: Sums, what: str, bins: slice) -> Interval:
    """Of the choice over what."""
    return _interval(
        _share(whole, "chosen", bins) - _share(whole, what, bins),
        _share(drawn, "chosen", bins) - _share(drawn, what, bins),
    )


def _share(sums: Sums, what: str, bins: slice) -> Array:
    right: Array = getattr(sums, what)[:, bins].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Array = right / sums.weight[:, bins].sum(axis=1)
    return share


def _interval(value: Array, drawn: Array) -> Interval:
    interval = interval_of(float(value[0]), drawn)
    assert interval is not None  # every bin has questions
    return interval


def _plain(record: Any) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in record.__slots__}
    return {
        name: value.to_json() if isinstance(value, Interval) else value
        for name, value in values.items()
    }
