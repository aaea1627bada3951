"""Measures of scores, against small cases that a hand, or trying every draw, works out."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.errors import InputError
from ponder.training.ranking import (
    Scored,
    best_of_n,
    best_threshold,
    calibration,
    first_below,
    first_error,
    pooled,
    sizes,
)

POOL = st.lists(
    st.builds(Scored, st.none() | st.sampled_from([0.0, 0.25, 0.5]), st.booleans()),
    min_size=1,
    max_size=6,
)


def tried(solutions: list[Scored], n: int) -> float:
    """The chance that the best of n is right, by every draw there is."""
    chances = []
    for draw in itertools.combinations(solutions, n):
        known = [one.score for one in draw if one.score is not None]
        top = [one.correct for one in draw if known and one.score == max(known)]
        chances.append(sum(top) / len(top) if top else 0.0)
    return math.fsum(chances) / len(chances)


@given(st.lists(POOL, min_size=1, max_size=3), st.data())
def test_best_of_n_is_the_mean_over_all_draws(
    questions: list[list[Scored]], data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, min(map(len, questions))))

    found = best_of_n(questions, n)

    assert found == pytest.approx(math.fsum(tried(one, n) for one in questions) / len(questions))


def test_a_solution_without_a_score_counts_towards_n_and_is_never_chosen() -> None:
    solutions = [Scored(None, True), Scored(0.1, False)]

    assert best_of_n([solutions], 1) == 0
    assert best_of_n([[Scored(None, True)]], 1) == 0
    assert best_of_n([[Scored(None, False), Scored(0.1, True)]], 2) == 1


def test_more_than_there_are_cannot_be_drawn() -> None:
    with pytest.raises(InputError, match="best of 3 needs questions with as many solutions"):
        best_of_n([[Scored(0.1, True)] * 2], 3)
    with pytest.raises(InputError, match="best of 1 needs questions"):
        best_of_n([], 1)


def test_a_pool_is_grouped_by_question_and_measured_at_powers_of_two_and_at_its_size() -> None:
    questions = pooled([0.1] * 7, [True] * 7, ["a", "b", "a", "b", "a", "b", "a"])

    assert {question: len(some) for question, some in questions.items()} == {"a": 4, "b": 3}
    assert sizes(questions) == [1, 2, 3]
    assert sizes({}) == []


def test_the_first_error_is_the_first_step_below_the_threshold() -> None:
    assert first_below((0.9, 0.2, 0.1), 0.5) == 1
    assert first_below((0.9, 0.5), 0.5) == -1
    assert first_below((), 0.5) == -1
    assert first_below(None, 0.5) is None


def test_processbench_s_f1_is_the_harmonic_mean_of_two_accuracies() -> None:
    scores = [(0.9, 0.1), (0.1, 0.9), (0.9, 0.9), (0.9, 0.2), None]
    labels = [1, 1, -1, -1, -1]  # found, too early, none, one that is not there, no scores

    found = first_error(scores, labels, 0.5)

    assert found is not None
    assert (found.wrong, found.right) == (1 / 2, 1 / 3)
    assert found.f1 == pytest.approx(2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3))


def test_nothing_right_at_all_is_an_f1_of_0_and_one_kind_alone_has_none() -> None:
    none = first_error([(0.9,), (0.1,)], [0, -1], 0.5)

    assert none is not None
    assert none.f1 == 0
    assert first_error([(0.9,)], [0], 0.5) is None


def test_the_best_threshold_is_that_of_the_best_f1() -> None:
    scores = [(0.8, 0.3), (0.4, 0.9), (0.6, 0.5), (0.7, 0.7)]
    labels = [1, 0, -1, -1]

    found = best_threshold(scores, labels)

    assert found is not None
    assert found.f1 == 1
    assert found.threshold == 0.5  # 0.4 misses the second solution, 0.6 spoils the third
    assert best_threshold([], []) is None


def test_many_scores_are_tried_at_their_quantiles() -> None:
    scores = [(n / 1000,) for n in range(1000)]
    labels = [0 if n < 500 else -1 for n in range(1000)]

    found = best_threshold(scores, labels, most=101)

    assert found is not None
    assert found.threshold == pytest.approx(0.5, abs=0.01)
    assert found.f1 > 0.98


def test_calibration_is_what_a_hand_computes() -> None:
    scores = [0.05, 0.05, 0.95, 1.0]  # two bins: means 0.05 and 0.975
    labels = [0.0, 0.5, 0.75, 1.0]  # means 0.25 and 0.875

    found = calibration(scores, labels)

    assert found is not None
    assert found.ece == pytest.approx((2 * 0.2 + 2 * 0.1) / 4)
    assert found.brier == pytest.approx((0.05**2 + 0.45**2 + 0.2**2) / 4)
    assert found.mae == pytest.approx((0.05 + 0.45 + 0.2) / 4)
    assert found.steps == 4
    assert calibration([], []) is None
