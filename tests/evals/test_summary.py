import json

import pytest

from ponder.evals.metrics.pass_at_k import pass_at_k
from ponder.evals.results import Result
from ponder.evals.summary import Score, Summary, summarise
from ponder.models import Usage
from tests.support.results import result

T, F = True, False


def value(scores: object, n: int) -> float:
    assert isinstance(scores, list)
    (found,) = [one.value.value for one in scores if isinstance(one, Score) and one.n == n]
    return float(found)


def test_pass_at_k_is_the_mean_over_tasks_of_their_own_estimates() -> None:
    found = summarise([result("a", [T, F, F, F]), result("b", [F] * 4), result("c", [T] * 4)])

    assert value(found.passes["pass"], 1) == pytest.approx((0.25 + 0 + 1) / 3)
    assert value(found.passes["pass"], 2) == pytest.approx((0.5 + 0 + 1) / 3)
    assert value(found.passes["pass"], 4) == pytest.approx(2 / 3)


def test_answers_that_never_came_are_wrong_samples() -> None:
    found = summarise([result("a", [T], missing=3)])

    assert value(found.passes["pass"], 1) == pytest.approx(0.25)
    assert found.missing == 3


def test_a_k_beyond_a_tasks_samples_says_of_how_many() -> None:
    found = summarise([result("few", [F, T]), result("many", [F] * 5)])

    assert [(one.n, one.short) for one in found.passes["pass"]] == [(1, 0), (2, 0), (5, 1)]
    assert value(found.passes["pass"], 5) == 0.5


def test_what_could_not_be_graded_is_left_out_and_counted() -> None:
    graded, ungraded, keyless = result("a", [T, F]), result("b", [F, None]), result("c", [None] * 2)

    found = summarise([graded, ungraded, keyless, Result("d", error="429")])

    assert (found.tasks, found.ungraded, found.errors) == (3, 2, 1)
    assert [(one.n, one.value.value, one.tasks) for one in found.passes["pass"]] == [
        (1, 0.5, 1),
        (2, 1.0, 1),
    ]


def test_a_search_that_came_to_nothing_has_failed_its_task_if_there_is_a_key() -> None:
    found = summarise([result("a", [T]), result("b", solved=False), result("c")])

    assert value(found.passes["pass"], 1) == 0.5
    assert found.ungraded == 1


def test_the_filter_leaves_what_passes_the_public_tests() -> None:
    some = result("some", [T, F, F, T], public=[T, T, F, F])
    none = result("none", [F, T, F, F], public=[F, F, F, F])
    untested = result("untested", [T, F, F, F], public=[None] * 4)

    found = summarise([some, none, untested])

    assert value(found.passes["filtered"], 1) == pytest.approx((1 / 2 + 0 + 1 / 4) / 3)
    assert value(found.passes["filtered"], 2) == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert [one.short for one in found.passes["filtered"]] == [1, 1, 2]


def test_without_verdicts_of_the_search_there_is_no_filtered_table() -> None:
    assert set(summarise([result("a", [T, F])]).passes) == {"pass"}


def test_votes_are_graded_by_what_they_choose() -> None:
    full = result("full", [T, F, F, F], selections={"majority": {1: "s1", 2: "s1", 4: "s2"}})
    three = result("three", [F, T, T], missing=1, selections={"majority": {1: "s1", 2: "s2"}})
    none = result("none", solved=F, missing=4)

    found = summarise([full, three, none])

    votes = found.votes["majority"]
    assert [one.value.value for one in votes] == pytest.approx([1 / 3, 2 / 3, 1 / 3])
    assert [(one.n, one.tasks, one.short) for one in votes] == [(1, 3, 1), (2, 3, 1), (4, 3, 2)]


def test_costs_count_failures_too_for_each_that_is_solved() -> None:
    found = summarise(
        [result("a", [T], tokens=100, solved=T), result("b", [F], tokens=300, solved=F)]
    )

    tokens = found.costs["tokens"]
    assert tokens is not None
    assert tokens.per_solved is not None
    assert (tokens.total, tokens.per_task.value, tokens.per_solved.value) == (400, 200, 400)
    assert found.by_kind == {"code": Usage(2, 200, 200, 0.02, 2.0)}


def test_dollars_are_unknown_where_any_are() -> None:
    found = summarise([result("a", [T]), result("b", [T], usage=Usage(1, 5, 5, None))])

    assert found.costs["usd"] is None
    assert found.costs["tokens"] is not None


def test_curves_spread_a_tasks_cost_over_its_samples() -> None:
    found = summarise([result("a", [T, F, F, F], tokens=400), result("b", [F, F], tokens=100)])

    points = [(point.k, point.tokens) for point in found.curves["pass"]]
    assert points == [(1, (100 + 50) / 2), (2, (200 + 100) / 2)]
    assert found.curves["pass"][0].value == found.passes["pass"][0].value


def test_a_filtered_sample_bears_the_cost_of_those_filtered_away() -> None:
    half = result("half", [T, F, F, F], public=[T, T, F, F], tokens=400)
    none = result("none", [F] * 4, public=[F] * 4, tokens=400)

    points = summarise([half, none]).curves["filtered"]

    assert (points[0].k, points[0].tokens) == (1, (200 + 400) / 2)


def test_a_summary_is_plain_json() -> None:
    unbounded = [result("a", [T], solved=T), result("b", [F], solved=F)]

    data = json.loads(json.dumps(summarise(unbounded, "arm").to_json(), allow_nan=False))

    assert data["name"] == "arm"
    assert data["costs"]["tokens"]["per_solved"][2] is None
    assert set(data) == set(Summary.__slots__)


def test_a_run_without_results_has_a_summary() -> None:
    found = summarise([])

    assert (found.tasks, found.passes, found.solved, found.costs["tokens"]) == (0, {}, None, None)


def test_many_samples_agree_with_the_estimator() -> None:
    found = summarise([result("a", [T] * 3 + [F] * 197)])

    assert value(found.passes["pass"], 100) == pytest.approx(pass_at_k(200, 3, 100))
