"""One score from many."""

import math

import pytest

from ponder.verifiers import aggregate
from ponder.verifiers.aggregation import Aggregate


@pytest.mark.parametrize(
    ("how", "score"), [("product", 0.125), ("min", 0.25), ("last", 0.5), ("mean", 0.5833333333)]
)
def test_each_aggregation_is_what_its_name_says(how: Aggregate, score: float) -> None:
    assert aggregate([1.0, 0.25, 0.5], how) == pytest.approx(score)


def test_the_product_is_the_default() -> None:
    assert aggregate([0.5, 0.5]) == 0.25


@pytest.mark.parametrize("how", ["product", "min", "last", "mean"])
@pytest.mark.parametrize("steps", [[], [0.5, None, 0.5], [math.nan, 0.5], [None]])
def test_a_solution_that_is_not_judged_whole_has_no_score(
    how: Aggregate, steps: list[float | None]
) -> None:
    assert aggregate(steps, how) is None


def test_a_long_solution_is_worth_nothing_rather_than_an_error() -> None:
    assert aggregate([0.1] * 10_000) == 0.0
