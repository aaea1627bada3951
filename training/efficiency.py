"""How much further a label goes when solutions are chosen: the ratio of two slopes.

Paper: "Let's Verify Step by Step", section 4.2 and figure 4a (arXiv 2305.20050): accuracy over the
number of labelled solutions, on a logarithmic scale, has a line of best fit; that of active
learning is 2.6 times as steep as that of uniform labelling: its data efficiency, as it is called
there.

The paper gives no interval. Here it is a bootstrap over runs (Efron and Tibshirani, An Introduction
to the Bootstrap, section 9.5: pairs), so it holds the luck of seeds and how far the points are off
their line, and not the luck of which questions accuracy was measured on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

RESAMPLES = 10_000
Array = NDArray[np.float64]


class Run(NamedTuple):
    """One fit, and how good it is."""

    samples: int
    """Labelled solutions it was fitted to."""
    accuracy: float


@dataclass(frozen=True, slots=True)
class Line:
    """accuracy = intercept + slope · ln(samples), by least squares."""

    intercept: float
    slope: float

    def at(self, samples: float) -> float:
        """Its accuracy at a number of samples."""
        return self.intercept + self.slope * math.log(samples)


@dataclass(frozen=True, slots=True)
class DataEfficiency:
    """Active learning against uniform labelling."""

    active: Line
    uniform: Line
    ratio: float | None
    """Of the slopes; None where the accuracy of uniform labelling does not rise."""
    low: float
    high: float
    """Bounds of the 95 % interval of the ratio: percentiles over resampled runs. In a resample
    whose uniform slope is not above 0, the ratio counts as infinite."""

    def __str__(self) -> str:
        if self.ratio is None:
            return "none: uniform labelling gains nothing"
        return f"{self.ratio:.2f} × ({self.low:.2f} to {self.high:.2f})"


def best_fit(runs: Sequence[Run]) -> Line:
    """The line of best fit of accuracy over the logarithm of the number of samples.

    Raises:
        InputError: fewer than two numbers of samples, one below 1, or an accuracy that is none.
    """
    x, y = _points(runs)
    slope = float(_slopes(x[None], y[None])[0])
    return Line(float(y.mean() - slope * x.mean()), slope)


def data_efficiency(active: Sequence[Run], uniform: Sequence[Run], seed: int = 0) -> DataEfficiency:
    """How many times as steep the line of active learning is.

    Raises:
        InputError: as `best_fit`.
    """
    lines = best_fit(active), best_fit(uniform)
    numbers = np.random.default_rng(seed)
    above, below = _resampled(active, numbers), _resampled(uniform, numbers)
    drawn = np.full(len(above), np.inf)
    np.divide(above, below, out=drawn, where=below > 0)
    low, high = np.quantile(drawn, (0.025, 0.975), method="inverted_cdf")
    ratio = lines[0].slope / lines[1].slope if lines[1].slope > 0 else None
    return DataEfficiency(*lines, ratio, float(low), float(high))


def _points(runs: Sequence[Run]) -> tuple[Array, Array]:
    for run in runs:
        if run.samples < 1 or not math.isfinite(run.accuracy):
            raise InputError(f"{run.samples} samples, accuracy {run.accuracy}: cannot be fitted")
    if len({run.samples for run in runs}) < 2:
        raise InputError("a line needs runs with two numbers of samples at least")
    x = np.log(np.array([run.samples for run in runs], dtype=np.float64))
    return x, np.array([run.accuracy for run in runs], dtype=np.float64)


def _resampled(runs: Sequence[Run], numbers: np.random.Generator) -> Array:
    """Slopes of runs drawn with replacement; draws of one number of samples are drawn again."""
    x, y = _points(runs)
    places = numbers.integers(0, len(x), (RESAMPLES, len(x)))
    while (flat := np.ptp(x[places], axis=1) == 0).any():
        places[flat] = numbers.integers(0, len(x), (int(flat.sum()), len(x)))
    return _slopes(x[places], y[places])


def _slopes(x: Array, y: Array) -> Array:
    """Of each row."""
    off = x - x.mean(axis=1, keepdims=True)
    slopes: Array = (off * y).sum(axis=1) / (off**2).sum(axis=1)
    return slopes
