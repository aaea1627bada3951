"""The choice inside bins: honest on noise, and worth something where there is something."""

from dataclasses import replace

import numpy as np
import pytest

from ponder.errors import InputError
from ponder.evals.optimal import Table, efficiency_of, in_sample, optimal, split, two_fold
from ponder.evals.optimal.choice import best
from tests.evals.optimal.simulator import World, world

SEEDS = range(400)


def gains(effect: float, strategies: int) -> tuple[list[float], list[float]]:
    """Of the honest and of the naive choice over the first strategy, in many worlds."""
    honest, naive = [], []
    for seed in SEEDS:
        one = world(seed, 100, effect=effect, strategies=strategies)
        groups = split(one.table.questions, one.bins, seed)
        base = one.table.column("best-of-n").mean()
        honest.append(two_fold(one.table, groups).mean() - base)
        naive.append(in_sample(one.table, groups).mean() - base)
    return honest, naive


def test_strategies_that_differ_by_noise_alone_give_no_gain_and_the_naive_choice_a_false_one() -> (
    None
):
    honest, naive = gains(effect=0.0, strategies=8)

    error = np.std(honest) / np.sqrt(len(SEEDS))

    assert abs(np.mean(honest)) < 3 * error < 0.011
    assert np.mean(naive) > 0.1


def test_bins_made_of_a_strategys_own_answers_give_a_false_gain_that_folds_do_not_take_away() -> (
    None
):
    own: list[float] = []
    apart: list[float] = []
    for seed in SEEDS:
        one = world(seed, 100, effect=0.0, strategies=2, trials=2)
        base = one.table.column("best-of-n")
        names = one.table.questions
        by_own = dict(zip(names, (1 + (base < 0.9) + (base < 0.4)).tolist(), strict=True))
        for bins, into in ((by_own, own), (one.bins, apart)):
            into.append(two_fold(one.table, split(names, bins, seed)).mean() - base.mean())

    assert np.mean(own) > 0.05
    assert abs(np.mean(apart)) < 0.01


def test_a_choice_by_difficulty_is_better_than_the_best_strategy_for_all() -> None:
    one = world(0, 400, trials=16)

    found = optimal(one.table, one.bins)

    assert found.gain.low > 0
    assert found.over_fixed.low > 0
    assert found.choices[0].strategy == "revisions-8"
    assert found.choices[4].strategy == "beam-4"


def test_a_choice_by_difficulty_is_at_least_the_best_strategy_for_all_within_its_interval() -> None:
    for seed in range(8):
        one = world(seed, 100, effect=0.05)

        found = optimal(one.table, one.bins, seed=seed)

        assert found.over_fixed.high > 0


def test_the_interval_holds_what_the_choices_are_really_worth() -> None:
    held = 0
    for seed in range(40):
        one = world(seed, 100)
        found = optimal(one.table, one.bins)
        held += found.accuracy.low <= worth(one) <= found.accuracy.high

    assert held >= 36


def worth(one: World) -> float:
    """What the choices of both folds come to by the true rates."""
    true = np.empty(len(one.table.questions))
    for part in split(one.table.questions, one.bins).parts():
        chosen = best(one.table.accuracy[part.chosen_by])[0]
        true[part.reported] = one.truth[part.reported, chosen]
    return float(true.mean())


def test_its_worth_in_generations_has_an_interval_that_is_open_where_best_of_n_gives_up() -> None:
    one = world(0, 200, trials=16)
    base = one.table.column("best-of-n")
    nearly = optimal(one.table, one.bins).gain.value - 0.002
    curve = {16: base - 0.1, 64: base, 256: base + nearly}

    found = efficiency_of(one.table, one.bins, curve)

    assert found.interval is not None
    assert found.needed.censored == "above"
    assert 1 < found.interval.low <= found.factor == 4
    assert found.interval.high == np.inf
    assert "∞]" in str(found)


def test_each_fold_is_reported_by_what_the_other_chose() -> None:
    accuracy = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    table = Table(4, ("a", "b", "c", "d"), ("x", "y"), accuracy)
    groups = split(table.questions, dict.fromkeys("abcd", 1))
    groups = replace(groups, folds=np.array([0, 0, 1, 1]))

    values = two_fold(table, groups)

    assert values.tolist() == [0.0, 0.0, 0.0, 0.0]
    assert in_sample(table, groups).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_folds_are_of_equal_size_in_every_bin_and_depend_on_the_seed_alone() -> None:
    names = [f"q{i}" for i in range(101)]
    bins = {name: 1 + place % 3 for place, name in enumerate(names)}

    first, again, other = (split(names, bins, seed) for seed in (1, 1, 2))
    mixed = split(names[::-1], bins, 1)

    assert all(abs(np.sum(first.folds[first.bins == one] * 2 - 1)) <= 1 for one in (1, 2, 3))
    assert first.folds.tolist() == again.folds.tolist() == mixed.folds[::-1].tolist()
    assert first.folds.tolist() != other.folds.tolist()


def test_of_equal_strategies_the_first_is_chosen() -> None:
    thirds = np.array([[1 / 3, 1 / 3 + 1e-12], [2 / 3, 2 / 3]])

    assert best(thirds).tolist() == [0]
    assert best(thirds[:0]).tolist() == [0]


def test_a_bin_of_one_question_takes_the_simplest_strategy() -> None:
    table = Table(4, ("a",), ("best-of-n", "beam-4"), np.array([[0.0, 1.0]]))

    found = optimal(table, {"a": 1})

    assert found.gain.value == 0.0
    assert found.in_sample == 1.0


def test_a_question_without_a_bin_is_refused() -> None:
    one = world(0, 10)

    with pytest.raises(InputError, match="question q0 is in no bin"):
        optimal(one.table, {})


def test_a_baseline_that_was_not_tried_is_refused() -> None:
    one = world(0, 10)

    with pytest.raises(InputError, match="'majority' is none of best-of-n"):
        optimal(one.table, one.bins, "majority")
