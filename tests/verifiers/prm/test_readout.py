"""From logits to scores."""

import math

import pytest

from ponder.verifiers.aggregation import AGGREGATES, Aggregate, aggregate
from ponder.verifiers.prm import Difference, Raw, Share, Sigmoid

THREE = Share(("negative", "neutral", "positive"))


def test_neutral_counts_as_positive_unless_told() -> None:
    logits = [math.log(0.5), math.log(0.3), math.log(0.2)]

    assert THREE(logits) == pytest.approx(0.5)
    assert Share(THREE.labels, neutral="negative")(logits) == pytest.approx(0.2)


def test_extreme_logits_overflow_nothing() -> None:
    assert Share(("positive", "negative"))([-1e4, 1e4]) == 0.0
    assert Share(("positive", "negative"))([1e4, -1e4]) == 1.0
    assert Sigmoid()([-1e4]) == 0.0
    assert Sigmoid()([1e4]) == 1.0
    assert Difference()([1e4, -1e4]) == -1.0


def test_shares_stay_within_one() -> None:
    assert THREE([-50.0, 0.1, 0.7]) <= 1.0


def test_a_sigmoid_of_many_values_is_of_their_mean() -> None:
    assert Sigmoid()([1.0, -1.0]) == 0.5


def test_nan_stays_nan() -> None:
    readouts = (THREE, Sigmoid(), Difference(), Raw())

    for readout in readouts:
        assert math.isnan(readout([math.nan] * (readout.outputs or 1)))


@pytest.mark.parametrize(
    ("how", "expected"), [("product", 0.1), ("min", 0.2), ("last", 0.5), ("mean", 17 / 30)]
)
def test_scores_are_summed_up(how: Aggregate, expected: float) -> None:
    assert aggregate([1.0, 0.2, 0.5], how) == pytest.approx(expected)
    assert how in AGGREGATES
