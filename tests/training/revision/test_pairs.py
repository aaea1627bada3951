"""Which wrong answers come before a right one."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.training import Example
from ponder.training.revision.edit_distance import edit_distance, nearest
from ponder.training.revision.pairs import Account, revisions


def table(one: str, other: str) -> int:
    """The whole table, as in a textbook."""
    row = list(range(len(other) + 1))
    for n, a in enumerate(one, 1):
        before, row = row, [n]
        for m, b in enumerate(other, 1):
            row.append(min(before[m] + 1, row[m - 1] + 1, before[m - 1] + (a != b)))
    return row[-1]


TEXT = st.text("abcé\n", max_size=40)


@given(TEXT, TEXT)
def test_the_edit_distance_is_that_of_the_whole_table(one: str, other: str) -> None:
    assert edit_distance(one, other) == table(one, other)


def test_known_distances() -> None:
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("", "abc") == 3
    assert edit_distance("x" * 3000 + "a", "x" * 3000 + "b") == 1


@given(TEXT, st.lists(TEXT, min_size=1, max_size=6))
def test_the_nearest_is_the_first_of_the_least_distance(text: str, others: list[str]) -> None:
    distances = [table(text, other) for other in others]

    assert nearest(text, others) == distances.index(min(distances))


def sample(text: str, correct: bool | None, answer: str | None = "1") -> Example:
    return Example("q?", (text,), correct=correct, answer=answer, id="q")


def drawn(samples: Sequence[Example], seeds: int = 200) -> Counter[tuple[str, ...]]:
    return Counter(one.context for seed in range(seeds) for one in revisions(samples, seed=seed))


def test_the_last_wrong_answer_is_the_nearest_and_the_others_are_any() -> None:
    wrong = ["zzzz", "yyyy", "abcx", "xxxx", "wwww", "vvvv"]

    found = drawn([sample("abcd", True), *[sample(text, False) for text in wrong]])

    assert {context[-1] for context in found if context} == {"abcx"}
    others = {text for context in found for text in context[:-1]}
    assert others == {*wrong} - {"abcx"}
    assert all(len(set(context)) == len(context) for context in found)


def test_their_number_is_uniform_from_0_to_4() -> None:
    samples = [sample("abcd", True), *[sample(text, False) for text in "abcdefgh"]]

    sizes = Counter[int]()
    for context, count in drawn(samples, 1000).items():
        sizes[len(context)] += count

    assert sorted(sizes) == [0, 1, 2, 3, 4]
    assert all(150 < count < 250 for count in sizes.values())


def test_where_there_are_fewer_wrong_answers_the_most_is_their_number() -> None:
    found = drawn([sample("abcd", True), sample("a", False), sample("b", False)])

    sizes = {size: sum(n for c, n in found.items() if len(c) == size) for size in range(5)}
    assert [size for size, count in sizes.items() if count] == [0, 1, 2]
    assert min(sizes[0], sizes[1], sizes[2]) > 40  # uniform, and not cut down to 2


def test_samples_without_an_answer_or_a_grade_are_dropped_and_counted() -> None:
    account = Account()
    samples = [
        sample("right", True), sample("cut off", False, None), sample("who knows", None),
        Example("other?", ("wrong",), correct=False, answer="2"),
    ]  # fmt: skip

    [found] = revisions(samples, account=account)

    assert (found.context, found.answer) == ((), "right")
    assert (account.unanswered, account.ungraded, account.hopeless) == (1, 1, 1)
    assert account.lines()[0].startswith("4 samples of 2 questions: 1 without an answer and 1 ")


@given(st.randoms(use_true_random=False))
def test_what_is_drawn_for_a_question_does_not_depend_on_the_others(rng: random.Random) -> None:
    samples = [
        Example(f"{q}?", (f"{q} {n}",), correct=n % 3 == 0, answer="1")
        for q in range(4)
        for n in range(6)
    ]
    order = list(range(4))
    rng.shuffle(order)

    found = [one for one in revisions(samples) if one.prompt == "2?"]
    again = [
        one
        for one in revisions([s for q in order for s in samples if s.prompt == f"{q}?"])
        if one.prompt == "2?"
    ]

    assert found == again


@pytest.mark.parametrize("others", [[]])
def test_nothing_is_near_to_nothing(others: list[str]) -> None:
    with pytest.raises(ValueError, match="nothing to be near to"):
        nearest("a", others)
