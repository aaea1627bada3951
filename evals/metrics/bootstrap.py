"""Bootstrap intervals over tasks: how far a number would move, had the tasks been others.

Tasks are resampled, never their samples: the samples of one task stand and fall together. Every
number is a sum over tasks divided by another (a mean's divisor counts the tasks), so that one
matrix of resamples serves all numbers of a run, and a ratio such as tokens per solved task has an
interval as good as a mean's. Bounds are percentiles (Efron and Tibshirani, An Introduction to the
Bootstrap, chapter 13).

What it cannot do: where all tasks agree, an interval has no width, since nothing that was seen says
how else a task could go; and with few tasks (say, less than twenty) it is too narrow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
LOW, HIGH = 0.025, 0.975
CELLS = 2**19
"""Entries of the matrix of weights that are held at a time."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A number, and the bounds of its 95 % interval. A bound may be infinite: some resamples have
    nothing to divide by."""

    value: float
    low: float
    high: float

    def to_json(self) -> list[float | None]:
        """[value, low, high]; None for what is infinite, which JSON has no word for."""
        numbers = (self.value, self.low, self.high)
        return [float(number) if np.isfinite(number) else None for number in numbers]


class Column(NamedTuple):
    """One number's parts, an entry a task: it is the sum of the one divided by that of the
    other."""

    above: Array
    below: Array


def mean_of(values: Sequence[float | None]) -> Column:
    """The mean over the tasks that have a value; None has none."""
    there = np.array([value is not None for value in values], dtype=np.float64)
    return Column(np.array([value or 0.0 for value in values], dtype=np.float64), there)


def ratio_of(above: Sequence[float | None], below: Sequence[float | None]) -> Column:
    """The sum of one divided by the sum of the other, over the tasks that have both."""
    pairs = [
        (a, b) if a is not None and b is not None else (0.0, 0.0)
        for a, b in zip(above, below, strict=True)
    ]
    columns = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return Column(columns[:, 0], columns[:, 1])


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Interval:
    """The mean of a value of each task, with its interval.

    Raises:
        ValueError: there are no values.
    """
    (interval,) = intervals([mean_of(values)], seed)
    if interval is None:
        raise ValueError("a mean of no values")
    return interval


def bootstrap_ratio(
    above: Sequence[float], below: Sequence[float], seed: int = 0
) -> Interval | None:
    """The sum of one divided by the sum of the other, with its interval; None where that is
    nothing."""
    return intervals([ratio_of(above, below)], seed)[0]


def intervals(columns: Sequence[Column], seed: int = 0) -> list[Interval | None]:
    """Each column's number with its interval, all over the same resamples; None where there is
    nothing to divide by. Columns have an entry for every task, in the same order."""
    if not columns:
        return []
    whole, drawn = resampled(columns, seed)
    return [interval_of(whole[at], drawn[:, at]) for at in range(len(columns))]


def resampled(columns: Sequence[Column], seed: int) -> tuple[Array, Array]:
    """Each column's number over all tasks, and over each resample (resamples × columns). NaN where
    nothing is divided by nothing."""
    above = np.stack([column.above for column in columns], axis=1)
    below = np.stack([column.below for column in columns], axis=1)
    sums = [(rows @ above, rows @ below) for rows in weights(len(above), seed)]
    drawn = np.concatenate([_divided(*pair) for pair in sums])
    return _divided(above.sum(axis=0), below.sum(axis=0)), drawn


def interval_of(value: float, drawn: Array) -> Interval | None:
    """The value with the percentiles of what was drawn; None if the value is none."""
    if not np.isfinite(value):
        return None
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, (LOW, HIGH), method="inverted_cdf")
    return Interval(float(value), float(low), float(high))


def _divided(above: Any, below: Any) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(above / below, dtype=np.float64)


def weights(tasks: int, seed: int) -> Iterator[Array]:
    """How often each resample has each task (some resamples × tasks, until all have been)."""
    rng = np.random.default_rng(seed)
    rows = max(1, CELLS // max(1, tasks))
    for start in range(0, RESAMPLES, rows):
        count = min(rows, RESAMPLES - start)
        chosen = rng.integers(0, max(1, tasks), (count, tasks)) + np.arange(count)[:, None] * tasks
        counted = np.bincount(chosen.ravel(), minlength=count * tasks)
        yield counted.reshape(count, tasks).astype(np.float64)
