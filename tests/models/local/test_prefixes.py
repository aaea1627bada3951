"""The radix tree of what was read."""

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ponder.models.local import prefixes
from ponder.models.local.prefixes import Prefixes, Segment

TEXTS = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8), min_size=1, max_size=12)


def read(ids: list[int]) -> Any:
    """What a model that remembers everything would make of `ids`: each state is a number for all
    the tokens up to its own."""

    def segment(begin: int, end: int) -> Any:
        numbers = [hash(tuple(ids[: i + 1])) % 2**20 for i in range(begin, end)]
        whole = torch.tensor(numbers, dtype=torch.float64)
        return Segment(whole.view(1, -1, 1, 1), whole.view(1, -1, 1, 1), whole.view(-1, 1))

    return segment


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_what_was_added_is_found_as_it_was_and_shared_beginnings_are_kept_once(
    sequences: list[list[int]],
) -> None:
    tree = Prefixes(budget=10**6)

    for ids in sequences:
        tree.add(ids, read(ids))

    distinct = {tuple(ids[:end]) for ids in sequences for end in range(1, len(ids) + 1)}
    assert tree.tokens == len(distinct)
    for ids in sequences:
        path = tree.find([*ids, 9])
        found = prefixes.states(path, range(len(ids))).flatten().tolist()
        assert prefixes.length(path) == len(ids)
        assert found == read(ids)(0, len(ids)).states.flatten().tolist()


@settings(deadline=None, max_examples=60)
@given(TEXTS, st.integers(0, 20))
def test_after_trimming_no_more_is_left_than_the_budget_and_it_is_right(
    sequences: list[list[int]], budget: int
) -> None:
    tree = Prefixes(budget)
    for ids in sequences:
        tree.add(ids, read(ids))

    tree.trim()

    assert tree.tokens <= budget
    assert tree.tokens == sum(len(node.ids) for node in tree._nodes())
    for ids in sequences:
        if path := tree.find(ids):
            reach = prefixes.length(path)
            found = prefixes.states(path, range(reach)).flatten().tolist()
            assert found == read(ids)(0, reach).states.flatten().tolist()


def test_what_was_used_last_outlives_the_rest() -> None:
    tree = Prefixes(budget=6)
    for ids in ([1, 1, 1], [2, 2, 2], [3, 3, 3]):
        tree.add(ids, read(ids))
    tree.find([1, 1, 1])

    tree.trim()

    kept = [prefixes.length(tree.find([first] * 3)) for first in (1, 2, 3)]
    assert kept == [3, 0, 3]


def test_a_trunk_outlives_its_branches() -> None:
    tree = Prefixes(budget=3)
    for ids in ([1, 1, 1, 2, 2], [1, 1, 1, 3, 3]):
        tree.add(ids, read(ids))

    tree.trim()

    assert prefixes.length(tree.find([1, 1, 1, 2, 2])) == 3


def test_a_node_that_was_split_keeps_nothing_but_its_own_in_memory() -> None:
    tree = Prefixes(budget=100)
    tree.add([1] * 50, read([1] * 50))

    tree.add([1, 2], read([1, 2]))

    kept = [node.segment.states for node in tree._nodes() if node.segment is not None]
    assert sum(states.untyped_storage().nbytes() for states in kept) == tree.tokens * 8
