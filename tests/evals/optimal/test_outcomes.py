"""The table of outcomes."""

import pytest

from ponder.errors import InputError
from ponder.evals.optimal import Outcome, costs_of, pooled, table_of


def test_trials_are_averaged_and_what_could_not_be_graded_is_no_trial() -> None:
    trials = [
        Outcome("q", "beam-4", 16, accuracy, 16, int(accuracy is not None), tokens)
        for accuracy, tokens in ((1.0, 100.0), (0.0, 300.0), (1.0, 200.0), (None, 400.0))
    ]

    (found,) = pooled(trials)

    assert found.accuracy == pytest.approx(2 / 3)
    assert (found.trials, found.tokens, found.generations) == (3, 250.0, 16)


def test_a_table_has_the_questions_that_every_strategy_has_a_grade_of() -> None:
    outcomes = [
        Outcome("a", "beam-4", 4, 1.0, 4),
        Outcome("a", "best-of-n", 4, 0.0, 4),
        Outcome("b", "best-of-n", 4, 1.0, 4),
        Outcome("c", "best-of-n", 4, None, 4),
        Outcome("c", "beam-4", 4, 1.0, 4),
        Outcome("a", "best-of-n", 16, 1.0, 16),
    ]

    table = table_of(outcomes, 4, ["best-of-n", "beam-4"])

    assert (table.questions, table.strategies) == (("a",), ("best-of-n", "beam-4"))
    assert table.accuracy.tolist() == [[0.0, 1.0]]
    assert table.dropped == 2


def test_two_outcomes_of_one_thing_are_refused() -> None:
    with pytest.raises(InputError, match="two outcomes of beam-4"):
        table_of([Outcome("a", "beam-4", 4, 1.0, 4)] * 2, 4)


def test_a_budget_without_grades_is_refused() -> None:
    with pytest.raises(InputError, match="budget 4: no question has a grade"):
        table_of([Outcome("a", "beam-4", 4, None, 4)], 4)


def test_costs_are_means_over_questions() -> None:
    outcomes = [
        Outcome(q, "beam-4", 4, 1.0, 4, 1, tokens, 10) for q, tokens in (("a", 1), ("b", 3))
    ]

    assert costs_of(outcomes, 4) == {"beam-4": (4.0, 2.0, 10.0)}
