"""A file of samples graded: read as it is, refused by its line, and never graded twice."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.evals.grade_samples import grade_samples
from ponder.evals.graded import Graded, GradedFile, results_of
from ponder.evals.samples import SampleFile
from ponder.sandboxes import Outcome, Program, ScriptedSandbox
from ponder.tasks import CodeTask, Key, LoadedTask, Test

PROMPT = "def f(x):\n"
KNOWN = {"Set/1": True, "Set/2": False}
TASKS = [
    LoadedTask(
        CodeTask(id, "Double it.", entry_point="f"),
        Key(id, (Test((1,), 2), Test((2,), 4)), base=1, prompt=PROMPT if prompt else ""),
    )
    for id, prompt in KNOWN.items()
]
RIGHT = {"task_id": "Set/1", "solution": "right"}
BASE = {"task_id": "1", "completion": "base", "id": "o1/code"}
WRONG = {"task_id": "Set/2", "solution": "wrong"}


def run(program: Program, given: Any) -> Any:
    """Programs by their name."""
    right = program.code == "right" or (program.code == f"{PROMPT}base" and given == (1,))
    return 2 * given[0] if right else Outcome("exception", error="ValueError: no")


def written(path: Path, *rows: Any) -> Path:
    file = path / "samples.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


async def graded(samples: Path, sandbox: ScriptedSandbox, dataset: str = "set") -> list[Graded]:
    into = samples.with_name("graded.jsonl")
    with SampleFile(samples, KNOWN) as file, GradedFile(into, file, dataset) as to:
        await grade_samples(TASKS, file, to, sandbox, tasks_at_once=1)
        return [to.grades[line] for line in sorted(to.grades)]


async def test_every_sample_has_a_grade_by_both_suites(tmp_path: Path) -> None:
    grades = await graded(written(tmp_path, RIGHT, BASE, WRONG), ScriptedSandbox(run))

    assert [(one.task_id, one.id, one.passed, one.base) for one in grades] == [
        ("Set/1", None, True, True),
        ("Set/1", "o1/code", False, True),
        ("Set/2", None, False, False),
    ]
    assert grades[2].reason == "f(1): exception: ValueError: no"


async def test_where_there_are_both_the_solution_is_what_counts(tmp_path: Path) -> None:
    samples = written(tmp_path, {**RIGHT, "completion": "wrong"})

    (one,) = await graded(samples, ScriptedSandbox(run))

    assert one.passed


async def test_what_is_graded_is_not_graded_again(tmp_path: Path) -> None:
    samples = written(tmp_path, RIGHT, BASE, WRONG)
    first = await graded(samples, ScriptedSandbox(run))
    file = tmp_path / "graded.jsonl"
    *whole, last = file.read_text().splitlines(keepends=True)
    file.write_text("".join(whole) + last[:20])
    sandbox = ScriptedSandbox(run)

    again = await graded(samples, sandbox)

    assert again == first
    assert [program.code for program in sandbox.programs] == ["wrong"]


async def test_grades_of_other_samples_are_not_gone_on_with(tmp_path: Path) -> None:
    await graded(written(tmp_path, RIGHT), ScriptedSandbox(run))

    with pytest.raises(InputError, match="holds grades of other samples"):
        await graded(written(tmp_path, WRONG), ScriptedSandbox(run))


async def test_grades_by_another_data_set_are_not_gone_on_with(tmp_path: Path) -> None:
    await graded(written(tmp_path, RIGHT), ScriptedSandbox(run))

    with pytest.raises(InputError, match="holds grades by set"):
        await graded(written(tmp_path, RIGHT), ScriptedSandbox(run), "other")


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"task_id": "Set/3", "solution": ""}, "line 2: the data set has no task 'Set/3'"),
        ({"task_id": "Set/1"}, "line 2: it has neither"),
        ({"task_id": "Set/1", "solution": ["a"]}, "line 2: its `solution` is not text"),
        ({"task_id": "Set/2", "completion": "a"}, "line 2: Set/2 has no prompt"),
        ({"solution": "a"}, "line 2: it has no `task_id`"),
        ([], "line 2: not a JSON object"),
    ],
)
def test_a_line_that_is_no_sample_is_refused(tmp_path: Path, row: Any, what: str) -> None:
    with pytest.raises(InputError, match=what):
        SampleFile(written(tmp_path, RIGHT, row), KNOWN)


def test_lines_that_are_no_samples_can_be_left_out(tmp_path: Path) -> None:
    with SampleFile(written(tmp_path, RIGHT, [], WRONG), KNOWN, skip_bad=True) as samples:
        assert (len(samples), samples.bad) == (2, 1)


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "samples.jsonl.gz"
    file.write_bytes(
        gzip.compress(json.dumps(RIGHT).encode() + b"\n\n" + json.dumps(BASE).encode())
    )

    with SampleFile(file, KNOWN) as samples:
        first, second = samples.places["Set/1"]

        assert samples.read(second).completion == "base"
        assert (first.line, second.line) == (1, 3)


def test_a_reply_in_a_fence_is_told_from_a_program(tmp_path: Path) -> None:
    fenced = {**WRONG, "solution": "Here:\n```python\nx\n```"}

    with SampleFile(written(tmp_path, RIGHT, fenced), KNOWN) as samples:
        assert samples.fenced == 1


def test_grades_are_results() -> None:
    one, other = (
        Graded("Set/1", "set", line, "", id=None, passed=line == 1, base=True) for line in (1, 2)
    )

    (result,) = results_of([other, one])

    assert [sample.id for sample in result.samples] == ["1", "2"]
    assert (result.drawn, result.right) == (2, 1)
