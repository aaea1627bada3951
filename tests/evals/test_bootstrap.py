import math
import random

import pytest

from ponder.evals.metrics import (
    bootstrap_mean,
    bootstrap_ratio,
    paired_difference,
)
from ponder.evals.metrics.bootstrap import intervals, mean_of


def test_the_interval_of_a_mean_is_about_two_standard_errors_wide() -> None:
    values = [float(i < 60) for i in range(100)]

    found = bootstrap_mean(values)

    assert found.value == pytest.approx(0.6)
    error = math.sqrt(0.6 * 0.4 / 100)
    assert found.low == pytest.approx(0.6 - 1.96 * error, abs=0.011)
    assert found.high == pytest.approx(0.6 + 1.96 * error, abs=0.011)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    rng = random.Random(0)
    runs = [[float(rng.random() < 0.3) for _ in range(60)] for _ in range(200)]

    found = intervals([mean_of(values) for values in runs])

    covered = sum(one is not None and one.low <= 0.3 <= one.high for one in found)
    assert 0.90 <= covered / len(found) <= 0.99


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [0.0, 1.0, 1.0, 0.5]

    assert bootstrap_mean(values, seed=3) == bootstrap_mean(values, seed=3)


def test_a_ratio_is_that_of_the_sums_and_unbounded_where_resamples_divide_by_nothing() -> None:
    found = bootstrap_ratio([100.0, 300.0, 200.0], [1.0, 0.0, 0.0])

    assert found is not None
    assert (found.value, found.high) == (600.0, math.inf)
    assert found.to_json() == [600.0, found.low, None]


def test_what_has_nothing_to_divide_by_is_none() -> None:
    assert bootstrap_ratio([5.0], [0.0]) is None
    assert intervals([mean_of([None, None])]) == [None]
    with pytest.raises(ValueError, match="no values"):
        bootstrap_mean([])


def test_tasks_without_a_value_are_left_out_of_the_mean() -> None:
    (found,) = intervals([mean_of([1.0, None, 0.0, None])])

    assert found is not None
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


def test_paired_differences_are_over_the_tasks_that_both_have() -> None:
    a = {"x": 1.0, "y": 1.0, "z": 0.0, "only": 1.0}
    b = {"z": 0.0, "x": 0.0, "y": 0.0, "other": 1.0, "third": 1.0}

    found = paired_difference(a, b)

    assert found.difference is not None
    assert found.difference.value == pytest.approx(2 / 3)
    assert (found.tasks, found.only_first, found.only_second) == (3, 1, 2)


def test_what_two_runs_share_cancels_out() -> None:
    rng = random.Random(1)
    a = {str(i): rng.random() for i in range(50)}
    b = {task: value - 0.1 for task, value in a.items()}

    found = paired_difference(a, b)

    assert found.difference is not None
    assert (found.difference.low, found.difference.high) == pytest.approx((0.1, 0.1))


def test_runs_with_no_task_in_common_have_no_difference() -> None:
    found = paired_difference({"x": 1.0}, {"y": 1.0})

    assert (found.difference, found.tasks) == (None, 0)
