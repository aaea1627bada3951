import json

import pytest

from ponder.evals.metrics import Paired
from ponder.evals.results import Result
from ponder.evals.versus import compare
from tests.support.results import result

T, F = True, False


def of(found: Paired | None) -> tuple[float, int, int, int]:
    assert found is not None
    assert found.difference is not None
    return found.difference.value, found.tasks, found.only_first, found.only_second


def test_only_tasks_that_both_have_are_compared() -> None:
    a = [result("x", [T, T]), result("y", [T, F]), result("mine", [T, T])]
    b = [result("y", [F, F]), result("x", [F, F]), Result("failed", error="429")]

    found = compare(a, b)

    assert (found.tasks, found.only_first, found.only_second) == (2, 1, 0)
    assert of(found.differences["pass@1"]) == (0.75, 2, 0, 0)


def test_what_only_one_could_be_graded_on_is_left_out_and_counted() -> None:
    a = [result("x", [T]), result("y", [None])]
    b = [result("x", [F]), result("y", [T])]

    assert of(compare(a, b).differences["pass@1"]) == (1.0, 1, 0, 1)


def test_costs_for_each_solved_task_are_ratios_of_sums() -> None:
    a = [result("x", [T], tokens=100, solved=T), result("y", [T], tokens=300, solved=T)]
    b = [result("x", [T], tokens=100, solved=T), result("y", [F], tokens=100, solved=F)]

    found = compare(a, b).differences

    assert of(found["tokens"])[0] == 100
    assert of(found["tokens per solved task"])[0] == 200 - 200


def test_at_equal_tokens_the_dearer_run_has_fewer_samples() -> None:
    dear = [result("x", [T, F, F, F], tokens=800)]
    cheap = [result("x", [T, F, F, F], tokens=400)]

    found = compare(dear, cheap)

    assert found.at_equal["tokens"].amount == 400
    assert of(found.at_equal["tokens"].paired)[0] == pytest.approx(0.5 - 1.0)
    assert of(found.at_equal["calls"].paired)[0] == of(found.differences["pass@4"])[0] == 0.0


def test_equal_spending_is_over_the_tasks_that_both_are_graded_on() -> None:
    a = [result("x", [T, F], tokens=200), result("y", [T, F], tokens=9000)]
    b = [result("x", [T, F], tokens=400), result("y", [T, None], tokens=100)]

    found = compare(a, b).at_equal["tokens"]

    assert found.amount == 200
    assert of(found.paired) == (0.5, 1, 0, 0)


def test_runs_with_nothing_in_common_compare_to_nothing() -> None:
    found = compare([result("x", [T])], [result("y", [T])])

    assert (found.tasks, found.differences, found.at_equal) == (0, {}, {})
    json.dumps(found.to_json(), allow_nan=False)
