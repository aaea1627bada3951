"""The FLOPs account."""

import pytest

from ponder.errors import InputError
from ponder.evals.metrics.bootstrap import Interval
from ponder.evals.optimal import inference, match, multiplier, pretraining, ratio, side_of


@pytest.mark.parametrize(("r", "times"), [(0.16, 257.75), (0.79, 63.37), (22, 15.77)])
def test_the_papers_ratios_give_its_generations(r: float, times: float) -> None:
    assert multiplier(14, r) == pytest.approx(times, abs=0.005)


@pytest.mark.parametrize(("larger", "r"), [(14, 0.16), (2, 3.0), (1, 1.0)])
def test_the_multiplier_makes_both_models_cost_the_same(larger: float, r: float) -> None:
    n, d_pre = 3e9, 1e12
    d_inf = r * d_pre

    both = larger * (pretraining(n, d_pre) + inference(n, d_inf))
    small = pretraining(n, d_pre) + multiplier(larger, r) * inference(n, d_inf)

    assert small == pytest.approx(both)
    assert ratio(d_inf, d_pre) == pytest.approx(r)


def test_a_pair_of_accuracies_falls_on_the_side_that_is_ahead_at_equal_flops() -> None:
    curve = {1: 0.2, 4: 0.3, 16: 0.4, 64: 0.5, 256: 0.6}

    early, late = match(curve, 0.45, 14, 0.79), match(curve, 0.45, 14, 22)

    assert (early.side, late.side) == ("test-time compute", "pretraining")
    assert early.accuracy == pytest.approx(0.5, abs=0.002)
    assert early.censored == ""


def test_a_curve_that_ends_before_the_match_decides_only_what_it_can() -> None:
    behind, ahead = match({1: 0.2, 4: 0.3}, 0.45, 14, 22), match({1: 0.2, 4: 0.5}, 0.45, 14, 22)

    assert (behind.side, behind.censored) == ("undecided", "above")
    assert (ahead.side, ahead.censored) == ("test-time compute", "above")


def test_an_interval_with_zero_in_it_decides_nothing() -> None:
    assert side_of(Interval(0.1, -0.1, 0.3)) == "undecided"
    assert side_of(Interval(0.2, 0.1, 0.3)) == "test-time compute"
    assert side_of(-0.02, slack=0.05) == "undecided"
    assert side_of(-0.02) == "pretraining"


@pytest.mark.parametrize(
    ("larger", "r", "said"), [(0.5, 1, "M = 0.5"), (14, 0, "R = 0"), (float("nan"), 1, "M = nan")]
)
def test_what_cannot_be_is_refused(larger: float, r: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        multiplier(larger, r)


def test_parameters_must_be_a_number_above_zero() -> None:
    with pytest.raises(InputError, match="parameters = 0"):
        inference(0, 10)
