"""A reply's text, token by token."""

import pytest

from ponder.models.local.text import Text
from tests.models.local.tiny import tokenizer

WORDS = tokenizer()
SAID = "Step 1: é, ü and 猫 are four.\n\nthen it left. 👩‍👧"


def ids(text: str) -> list[int]:
    found: list[int] = WORDS.encode(text, add_special_tokens=False)
    return found


def said(text: str, *stops: str, context: str = "") -> Text:
    made = Text(WORDS, ids(context), stops)
    for id in ids(text):
        if not made.stopped:
            made.push(id)
    return made


def test_what_is_said_comes_back_as_it_was() -> None:
    made = said(SAID, context="the cat")
    made.end()

    assert made.text == SAID
    assert not made.stopped


def test_no_character_is_given_out_before_it_is_whole() -> None:
    made = Text(WORDS, [], [])

    for id in ids("猫👩‍👧é"):
        made.push(id)
        assert "\ufffd" not in made.text

    assert made.text == "猫👩‍👧é"


def test_a_character_that_was_cut_off_is_left_out() -> None:
    made = Text(WORDS, [], [])
    for id in ids("it 👩")[:-1]:
        made.push(id)

    made.end()

    assert made.text == "it "


def test_bytes_that_are_no_character_do_not_hold_the_rest_back() -> None:
    alone = ids("👩")[0]
    made = Text(WORDS, [], ["four"])

    for id in [alone] * 40 + ids(" four"):
        made.push(id)

    assert made.stopped
    assert made.text.endswith(" ")


@pytest.mark.parametrize(
    ("stops", "left"),
    [
        (["\n\n"], "Step 1: é, ü and 猫 are four."),
        (["t left"], "Step 1: é, ü and 猫 are four.\n\nthen i"),
        (["nd 猫 a"], "Step 1: é, ü a"),
        (["left", "four", "猫"], "Step 1: é, ü and "),
        (["", "Step"], ""),
    ],
)
def test_a_stop_string_is_found_across_tokens_and_cut_off(stops: list[str], left: str) -> None:
    made = said(SAID, *stops)

    assert made.stopped
    assert made.text == left


def test_a_stop_string_that_begins_before_the_reply_does_not_count() -> None:
    made = said("\nthen", "\n\n", context="four.\n")

    assert not made.stopped


def test_special_tokens_are_not_text() -> None:
    made = Text(WORDS, [], [])

    for id in [*ids("the"), 1, *ids(" cat")]:
        made.push(id)

    assert made.text == "the cat"
