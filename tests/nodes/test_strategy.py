"""Strategies: their names, sizes and costs."""

import pytest

from ponder.errors import InputError
from ponder.evals.optimal import grid
from ponder.nodes.strategy import Strategy, root_of


@pytest.mark.parametrize(
    "name",
    ["best-of-n", "beam-sqrt", "beam-4", "lookahead-1-sqrt", "lookahead-3-4", "revisions-8"],
)
def test_a_strategy_is_read_back_from_its_name(name: str) -> None:
    assert Strategy.parse(name).name == name


@pytest.mark.parametrize("name", ["", "beam", "beam-0", "lookahead-0-4", "best-of-4", "beam-4\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not one of best-of-n, beam-sqrt"):
        Strategy.parse(name)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("best-of-n", {"samples": 64}),
        ("beam-sqrt", {"samples": 64, "width": 8}),
        ("beam-4", {"samples": 64, "width": 4}),
        ("lookahead-1-sqrt", {"samples": 32, "width": 4, "lookahead": 1}),
        ("lookahead-3-sqrt", {"samples": 16, "width": 4, "lookahead": 3}),
        ("lookahead-3-4", {"samples": 16, "width": 4, "lookahead": 3}),
        ("revisions-16", {"chains": 4, "depth": 16}),
    ],
)
def test_a_budget_becomes_the_options_of_a_graph(name: str, sizes: dict[str, int]) -> None:
    assert Strategy.parse(name).sizes(64) == sizes


@pytest.mark.parametrize(
    "name", ["best-of-n", "beam-sqrt", "beam-4", "lookahead-3-sqrt", "lookahead-1-sqrt"]
)
def test_no_strategy_costs_more_than_its_budget_or_wastes_much_of_it(name: str) -> None:
    strategy = Strategy.parse(name)

    for budget in range(8, 300):
        sizes, cost = strategy.sizes(budget), strategy.generations(budget)

        assert sizes is not None
        assert cost is not None
        assert budget - 16 < cost <= budget
        assert sizes["samples"] % sizes.get("width", 1) == 0


def test_what_a_budget_is_too_small_for_has_no_sizes() -> None:
    assert Strategy.parse("beam-4").sizes(3) is None
    assert Strategy.parse("lookahead-3-sqrt").sizes(7) is None
    assert Strategy.parse("revisions-8").sizes(7) is None
    assert Strategy.parse("best-of-n").sizes(0) is None


@pytest.mark.parametrize(
    ("samples", "width"), [(2, 2), (4, 2), (16, 4), (32, 4), (64, 8), (53, 10)]
)
def test_a_root_that_is_not_whole_leaves_the_fewest_samples_unused(
    samples: int, width: int
) -> None:
    assert root_of(samples) == width


def test_the_grid_is_the_papers_and_its_splits_are_all_powers_of_two() -> None:
    assert [one.name for one in grid(16)] == [
        "best-of-n",
        "revisions-2",
        "revisions-4",
        "revisions-8",
        "revisions-16",
        "beam-sqrt",
        "beam-4",
        "lookahead-1-sqrt",
        "lookahead-3-sqrt",
        "lookahead-3-4",
    ]


def test_the_grid_can_be_of_some_kinds_alone() -> None:
    assert [one.name for one in grid(4, ["best-of-n", "beam"])] == [
        "best-of-n",
        "beam-sqrt",
        "beam-4",
    ]


def test_budgets_and_kinds_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="budget 12: must be a power of two"):
        grid(12)
    with pytest.raises(InputError, match="'mcts' is not one of best-of-n"):
        grid(16, ["mcts"])
