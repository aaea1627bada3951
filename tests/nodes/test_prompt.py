"""What a prompt asks for."""

import pytest

from ponder.nodes.prompt import render
from ponder.tasks import CodeTask


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        (None, " It reads standard input and writes standard output. Answer"),
        ("f", " Define `f` at the top level, with the imports it needs. Answer"),
        ("Solution.f", " Define `class Solution` with the method `f`, with the imports it needs."),
    ],
)
def test_a_program_is_asked_for_in_the_form_its_tests_need(entry: str | None, asked: str) -> None:
    task = CodeTask("t", "Any.", entry_point=entry)

    for messages in (
        render("code", task=task, sketch=None, observations=None),
        render("refine_code", task=task, answers=[]),
    ):
        assert asked in messages[-1]["content"]
