"""Examples as TRL's rows, and back: what is kept, and what is said to be lost."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.errors import InputError
from ponder.training import Bad, Example
from ponder.training.examples import from_row
from ponder.training.trl import all_to_trl, to_trl

TEXT = st.text(min_size=1).filter(str.strip)


@st.composite
def numbered(draw: st.DrawFn) -> Example:
    steps = tuple(draw(st.lists(TEXT, min_size=1, max_size=4)))
    labels = draw(st.lists(st.floats(0, 1), min_size=len(steps), max_size=len(steps)))
    correct = draw(st.sampled_from([None, True, False]))
    return Example(draw(TEXT), steps, tuple(labels), correct, draw(st.none() | TEXT), draw(TEXT))


def example(*labels: Any) -> Example:
    return Example("q", tuple("abcd"[: len(labels)]), labels, where="f line 1")


@given(numbered())
def test_numbers_come_back_as_they_were(given: Example) -> None:
    assert from_row(to_trl(given)) == given


def test_labels_that_are_all_hard_are_true_and_false() -> None:
    assert to_trl(example(1.0, 0.0))["labels"] == [True, False]
    assert to_trl(example(1.0, 0.0, 0.5))["labels"] == [1.0, 0.0, 0.5]


@pytest.mark.parametrize(("neutral", "labels"), [("positive", [True, True]), ("negative", [1, 0])])
def test_neutral_becomes_what_it_is_said_to_be(neutral: Any, labels: list[Any]) -> None:
    lost = Counter[str]()

    [row] = all_to_trl([example("positive", "neutral")], neutral, lost=lost)

    assert row["labels"] == labels
    assert lost == {f"neutral has become {neutral}": 1}


def test_classes_without_a_rule_for_neutral_are_refused() -> None:
    assert to_trl(example("positive", "negative"))["labels"] == [True, False]
    with pytest.raises(
        InputError, match=r"f line 1: .*say whether neutral is positive or negative"
    ):
        list(all_to_trl([example("positive", "neutral")]))


def test_a_gap_before_the_last_label_is_refused_and_steps_behind_it_are_cut_off() -> None:
    bad, lost = Bad(skip=True), Counter[str]()
    rows = [example(1.0, None, 0.0), example(None, None), example(1.0, 0.5, None, None)]

    [row] = all_to_trl(rows, bad=bad, lost=lost)

    assert (row["completions"], row["labels"]) == (["a", "b"], [1.0, 0.5])
    assert bad.total == 2
    assert lost == {
        "the steps behind the last label are cut off": 1,
        "labels are soft, and TRL's PRMTrainer makes 0 of all below 1": 1,
    }
