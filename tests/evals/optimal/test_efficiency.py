"""Generations that best-of-n would need."""

import pytest

from ponder.errors import InputError
from ponder.evals.optimal import at_generations, efficiency, needed

CURVE = {1: 0.2, 4: 0.4, 16: 0.5, 64: 0.5, 256: 0.6}


def test_between_two_points_it_is_read_off_a_line_over_log_n() -> None:
    assert needed(CURVE, 0.3).generations == pytest.approx(2)
    assert needed(CURVE, 0.45).generations == pytest.approx(8)
    assert needed(CURVE, 0.5).generations == pytest.approx(16)
    assert needed(CURVE, 0.55).generations == pytest.approx(128)


def test_beyond_its_ends_it_is_a_bound_and_nothing_is_extrapolated() -> None:
    above, below = needed(CURVE, 0.7), needed(CURVE, 0.1)

    assert (above.generations, above.censored) == (256, "above")
    assert (below.generations, below.censored) == (1, "below")


def test_four_times_less_compute_is_a_factor_of_four() -> None:
    found, bound = efficiency(CURVE, 4, 0.5), efficiency(CURVE, 64, 0.7)

    assert found.factor == pytest.approx(4)
    assert str(found) == "4.00 ×"
    assert str(bound) == "> 4.00 ×"


def test_an_accuracy_is_read_off_the_same_lines() -> None:
    assert at_generations(CURVE, 2)[0] == pytest.approx(0.3)
    assert at_generations(CURVE, 1024) == (0.6, "above")
    assert at_generations(CURVE, 0.5) == (0.2, "below")


def test_a_curve_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="a curve needs accuracies"):
        needed({}, 0.5)
