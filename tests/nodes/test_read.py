"""Reading replies, however they are dressed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.errors import ReadError
from ponder.nodes import read

ANSWER = "def f(x):\n    return x\n"


def test_the_last_complete_block_is_the_program() -> None:
    text = f"First try:\n```python\nbad\n```\nBetter:\n```python\n{ANSWER}```\nDone."

    assert read.code(text) == ANSWER


def test_the_official_rule_takes_the_first_block_even_if_it_is_never_closed() -> None:
    assert read.code("```\na\n```\n```\nb\n```", which="first") == "a\n"
    assert read.code(f"```python\n{ANSWER}", which="first") == ANSWER


def test_a_usage_example_after_the_answer_is_not_taken_for_it() -> None:
    text = f"```python\n{ANSWER}```\nUse it so:\n```python\nprint(f(1))\n```"

    assert read.code(text, "f") == ANSWER
    assert read.code(text, "g") == "print(f(1))\n"


def test_a_method_is_found_by_its_name() -> None:
    text = "```\nclass Solution:\n    def f(self): ...\n```\n```\nSolution().f()\n```"

    assert read.code(text, "Solution.f").startswith("class Solution:")


def test_an_open_block_after_a_complete_one_is_left_out() -> None:
    assert read.code(f"```\n{ANSWER}```\n```python\nhalf of") == ANSWER


def test_longer_fences_and_tildes_hold_shorter_ones() -> None:
    assert read.code('````python\ns = """\n```\n"""\n````') == 's = """\n```\n"""\n'
    assert read.code("~~~\nx\n~~~") == "x\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no code at all", "no fenced"),
        ("```python\ndef f(", "never closed"),
        ("```python\n\n```", "no fenced"),
    ],
)
def test_what_holds_no_program_says_why(text: str, says: str) -> None:
    with pytest.raises(ReadError, match=says):
        read.code(text)


@pytest.mark.parametrize(
    "text",
    [
        '["A", "B"]',
        '{"reasoning": "r", "observations": ["A", "B"]}',
        '{"observations": [{"reasoning": "r", "observation": "A"}, {"observation": "B"}]}',
        '```json\n["A", "B"]\n```',
        "```python\n['A', 'B',]\n```",
        "observations = ['A', 'B']",
        "Here they are:\n- A\n- B\nThat is all.",
        "1. A\n2. B",
        "(1) A\n(2) B",
        '* "A"\n* "B"',
        '["A", "B", "A", " "]',
    ],
)
def test_a_list_is_read_in_any_dress(text: str) -> None:
    assert read.string_list(text) == ["A", "B"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no list",
        "[]",
        "[1, 2]",
        "__import__('os').system('false')",
        "[__import__('os').getcwd()]",
        "[" * 100_000,
        "-" * 19_000 + "1",
        "(" * 19_000,
        "[" + "9" * 100_000 + "]",
        "\x00[",
        '{"a": ' * 5_000,
    ],
)
def test_what_is_no_list_is_refused_and_harms_nothing(text: str) -> None:
    with pytest.raises(ReadError):
        read.string_list(text)


def test_an_item_is_cut_to_a_thousand_characters() -> None:
    assert len(read.string_list(f'["{"x" * 5000}"]')[0]) == 1000


@given(st.text())
def test_any_reply_is_either_read_or_refused(text: str) -> None:
    for reader in (read.code, read.string_list, read.prose):
        with contextlib.suppress(ReadError):
            reader(text)
