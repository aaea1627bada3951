import math

import numpy as np
import pytest

from ponder.errors import InputError
from ponder.training import Run, best_fit, data_efficiency

SIZES = (10, 100, 1000)


def runs(slope: float, noise: float = 0.0, seed: int = 0) -> list[Run]:
    numbers = np.random.default_rng(seed)
    return [
        Run(size, 0.2 + slope * math.log(size) + noise * numbers.standard_normal())
        for size in SIZES
        for _ in range(3)
    ]


def test_a_line_is_found_again() -> None:
    line = best_fit(runs(0.05))

    assert line.slope == pytest.approx(0.05)
    assert line.at(100) == pytest.approx(0.2 + 0.05 * math.log(100))


def test_twice_the_slope_is_twice_the_efficiency() -> None:
    found = data_efficiency(runs(0.1), runs(0.05))

    assert found.ratio == pytest.approx(2.0)
    assert found.low == pytest.approx(2.0)
    assert str(found) == "2.00 × (2.00 to 2.00)"


def test_the_interval_holds_the_truth_nearly_always() -> None:
    held = [
        (found := data_efficiency(runs(0.1, 0.02, n), runs(0.05, 0.02, n + 100))).low
        <= 2.0
        <= found.high
        for n in range(40)
    ]

    assert sum(held) >= 34


def test_a_baseline_that_does_not_rise_has_no_ratio() -> None:
    found = data_efficiency(runs(0.1), runs(-0.01))

    assert found.ratio is None
    assert found.high == math.inf


@pytest.mark.parametrize("bad", [[Run(10, 0.5)], [Run(0, 0.5), Run(2, 0.5)], [Run(1, math.nan)]])
def test_what_has_no_line_is_refused(bad: list[Run]) -> None:
    with pytest.raises(InputError):
        best_fit(bad)
