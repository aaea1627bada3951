"""Instruction data: what is read of it, how it is told apart, and how it is written back."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import InstructionTask
from ponder.training import Bad
from ponder.training.instructions import Instruction, read_instructions, rewritten

ALPACA = {"instruction": "Sort.", "input": "3 1", "output": "1 3"}


def chat(*turns: tuple[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


def sharegpt(*turns: tuple[str, str]) -> dict[str, Any]:
    return {"conversations": [{"from": who, "value": text} for who, text in turns]}


ASKED = (("user", "Why?"), ("assistant", "So."))
TOLD = (("system", "Be short."), *ASKED)


def read(folder: Path, *rows: Any, bad: Bad | None = None) -> list[Instruction]:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(read_instructions(path, bad))


def pair_of(task: InstructionTask, **new: str) -> dict[str, str]:
    held = {"instruction": task.instruction, "input": task.input, "output": task.output}
    return {**held, **new}


@pytest.mark.parametrize(
    "row", [ALPACA, {**ALPACA, "input": ""}, chat(*ASKED), chat(*TOLD),
            sharegpt(("human", "Why?"), ("gpt", "So.")),
            sharegpt(("system", "Be short."), ("human", "Why?"), ("gpt", "So."))],
)  # fmt: skip
def test_a_pair_that_is_kept_is_written_as_it_came(tmp_path: Path, row: Any) -> None:
    [one] = read(tmp_path, row)

    assert rewritten(one, pair_of(one.task)) == row


def test_a_better_answer_keeps_the_system_turn_and_a_new_instruction_has_none(
    tmp_path: Path,
) -> None:
    [one] = read(tmp_path, chat(*TOLD))

    assert one.task.instruction == "Be short.\n\nWhy?"
    better = rewritten(one, pair_of(one.task, output="Thus."))
    new = rewritten(one, {"instruction": "How?", "input": "", "output": "Thus."})
    alpaca = rewritten(one, pair_of(one.task), "alpaca")
    assert better == chat(*TOLD[:2], ("assistant", "Thus."))
    assert new == chat(("user", "How?"), ("assistant", "Thus."))
    assert alpaca == {"instruction": "Be short.\n\nWhy?", "input": "", "output": "So."}


def test_a_pair_is_the_same_wherever_it_stands_and_equal_ones_are_numbered(tmp_path: Path) -> None:
    first = [one.task.id for one in read(tmp_path, ALPACA, chat(*ASKED), ALPACA, ALPACA)]
    second = [one.task.id for one in read(tmp_path, chat(*ASKED), {**ALPACA, "more": 1})]

    assert first[2:] == [f"{first[0]}-2", f"{first[0]}-3"]
    assert second == [first[1], first[0]]


def test_no_input_and_an_empty_answer_are_no_faults(tmp_path: Path) -> None:
    rows = ({"instruction": "a", "output": ""}, {"instruction": "a", "input": None, "output": "b"})

    assert [(one.task.input, one.task.output) for one in read(tmp_path, *rows)] == [
        ("", ""), ("", "b"),
    ]  # fmt: skip


HOSTILE: list[tuple[Any, str]] = [
    ([1], "not an object"),
    (None, "not an object"),
    ({}, "it has no `instruction`, `messages` or `conversations`"),
    ({**ALPACA, "instruction": ""}, "`instruction` must be text that is not empty"),
    ({**ALPACA, "instruction": ["a"]}, "`instruction` must be text that is not empty"),
    ({**ALPACA, "output": {"a": 1}}, "`output` must be text"),
    ({"instruction": "a"}, "`output` must be text"),
    ({**ALPACA, "input": ["a"]}, "`input` must be text"),
    ({**ALPACA, "output": "\ud800"}, "half of a surrogate pair"),
    (chat(("user", "\udfff"), ASKED[1]), "half of a surrogate pair"),
    ({"messages": {}}, "`messages` must be a list of turns"),
    ({"messages": [None]}, "a turn must have `role` and `content`: turn 1, None"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "a turn must have `role`"),
    (chat(("user", " "), ASKED[1]), "a user's turn is empty: turn 1"),
    (chat(*ASKED, *ASKED), "one of an assistant: user, assistant, user, assistant"),
    (chat(*TOLD[:2]), "one of an assistant: system, user"),
    (chat(ASKED[0], TOLD[0], ASKED[1]), "one of an assistant: user, system, assistant"),
    (chat(*ASKED[::-1]), "one of an assistant: assistant, user"),
]


@pytest.mark.parametrize(("row", "why"), HOSTILE)
def test_a_bad_row_is_named_with_its_line_or_counted(tmp_path: Path, row: Any, why: str) -> None:
    with pytest.raises(InputError, match=r"data\.jsonl line 2: ") as refused:
        read(tmp_path, ALPACA, row)
    left = read(tmp_path, ALPACA, row, ALPACA, bad=(bad := Bad(skip=True)))

    assert why in str(refused.value)
    assert len(left) == 2
    assert bad.total == 1
