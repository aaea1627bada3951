"""Difficulty and its bins."""

import math

import pytest

from ponder.errors import InputError
from ponder.evals.optimal import oracle, predicted, quantile_bins
from ponder.nodes.policy import Bins


def test_oracle_difficulty_is_the_share_of_right_samples_with_its_error() -> None:
    found = oracle([True, False, None, True, True])

    assert found is not None
    assert (found.value, found.samples) == (0.75, 4)
    assert found.error == pytest.approx(math.sqrt((4 / 6) * (2 / 6) / 4))


def test_none_right_is_not_taken_for_certain() -> None:
    none, more = oracle([False] * 16), oracle([False] * 2048)

    assert none is not None
    assert more is not None
    assert none.value == more.value == 0
    assert none.error > 0.05 > 0.001 > more.error


def test_predicted_difficulty_is_the_mean_score_with_its_error() -> None:
    found = predicted([0.2, None, 0.6, math.nan])

    assert found is not None
    assert found.value == pytest.approx(0.4)
    assert found.samples == 2
    assert found.error == pytest.approx(0.2)


def test_what_could_not_be_judged_has_no_difficulty() -> None:
    assert predicted([None, math.inf]) is None
    assert oracle([None]) is None


def test_one_score_has_no_error_that_is_known() -> None:
    found = predicted([0.5])

    assert found is not None
    assert found.error == math.inf


@pytest.mark.parametrize("count", [5, 23, 500, 502])
def test_bins_are_of_equal_size_but_for_one_and_the_first_is_the_easiest(count: int) -> None:
    values = {f"q{i}": i / count for i in range(count)}

    found = quantile_bins(values)

    sizes = [len(found.members(one)) for one in range(1, 6)]
    assert max(sizes) - min(sizes) <= 1
    assert sum(sizes) == count
    assert found.of[f"q{count - 1}"] == 1
    assert found.of["q0"] == 5


def test_without_ties_thresholds_put_every_question_where_its_rank_does() -> None:
    values = {f"q{i}": math.sin(i) for i in range(101)}

    found = quantile_bins(values)

    assert found.astray == 0
    assert {q: found.bins.of(value) for q, value in values.items()} == found.of


def test_ties_are_broken_by_the_ids_whatever_order_the_questions_come_in() -> None:
    values = {f"q{i}": 0.5 for i in range(10)}

    found, turned = quantile_bins(values, 2), quantile_bins(dict(reversed(values.items())), 2)

    assert dict(found.of) == dict(turned.of)
    assert found.members(1) == ["q0", "q1", "q2", "q3", "q4"]
    assert found.astray == 5


def test_a_new_question_is_put_in_a_bin_by_the_thresholds() -> None:
    bins = Bins((0.75, 0.25))

    assert [bins.of(value) for value in (1.0, 0.75, 0.5, 0.25, 0.0)] == [1, 1, 2, 2, 3]
    assert len(bins) == 3


def test_fewer_questions_than_bins_are_refused() -> None:
    with pytest.raises(InputError, match="2 questions cannot be put into 5 bins"):
        quantile_bins({"a": 0.1, "b": 0.2})


def test_a_difficulty_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="question b: its difficulty is nan"):
        quantile_bins({"a": 0.1, "b": math.nan}, 2)
