"""Diversity by what samples do, and what is kept of any measure."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ponder.errors import InputError, SandboxError
from ponder.evals.diversity import (
    ByBehaviour,
    TaskDiversity,
    diversities,
    measure_run,
    read_diversity,
)
from ponder.evals.diversity.drawing import same_pairs, shuffled
from ponder.models import Usage
from ponder.sandboxes import Outcome, Program, ScriptedSandbox
from ponder.tasks import MathTask
from tests.support.plans import TASK
from tests.support.runs import run_of


def does(program: Program, given: Any) -> Any:
    """What the program says of itself."""
    if "crash" in program.code:
        return Outcome("crash")
    return given[0] * int(program.code.split()[-1])


def sandbox() -> ScriptedSandbox:
    return ScriptedSandbox(does)


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(1, 8))
def test_balanced_ideas_differ_as_often_as_the_formula_says(k: int, n: int) -> None:
    pairs, similar = same_pairs([[0] * n] * k)

    if k * n > 1:
        assert 1 - similar / pairs == pytest.approx((k - 1) * n / (k * n - 1))


async def test_programs_differ_by_what_they_compute() -> None:
    programs = {"a": "by 2", "b": "also by 2", "c": "by 3", "d": "by 3", "e": "by 2"}

    row = await ByBehaviour(sandbox()).measure(TASK, programs)

    assert (row.samples, row.pairs, row.similar) == (5, 10, 3 + 1)
    assert row.value == pytest.approx(0.6)


async def test_equal_programs_run_once() -> None:
    box = sandbox()

    await ByBehaviour(box).measure(TASK, {"a": "by 2", "b": "by 2", "c": "by 3"})

    assert len(box.programs) == 2


async def test_what_only_fails_is_left_out_and_counted() -> None:
    programs = {"a": "by 2", "b": "crash", "c": "crash too", "d": " "}

    row = await ByBehaviour(sandbox()).measure(TASK, programs)

    assert (row.samples, row.left_out, row.pairs, row.value) == (1, 2, 0, None)
    assert row.reason == "fails on every input"


async def test_solutions_of_questions_differ_by_their_final_answers() -> None:
    said = {"a": "So \\boxed{4}.", "b": "It is \\boxed{4.0}", "c": "\\boxed{5}", "d": "Unknown"}

    row = await ByBehaviour(sandbox()).measure(MathTask("q", "2 + 2?"), said)

    assert (row.samples, row.left_out, row.pairs, row.similar) == (3, 1, 3, 1)


async def test_so_many_samples_are_drawn_the_same_for_the_same_seed() -> None:
    programs = {f"s{i}": f"by {i}" for i in range(60)}
    box, again = sandbox(), sandbox()

    row = await ByBehaviour(box).measure(TASK, programs)
    await ByBehaviour(again).measure(TASK, dict(reversed(programs.items())))

    assert row.samples == 40
    assert len({program.code for program in box.programs}) == 40
    assert box.programs == again.programs
    assert shuffled("t", programs, 0) != shuffled("t", programs, 1)


async def test_a_run_is_measured_once(tmp_path: Path) -> None:
    path = run_of(tmp_path, [TASK], {TASK.id: ["by 2", "by 3"]})
    box = sandbox()

    first = await measure_run(path, ByBehaviour(box))
    second = await measure_run(path, ByBehaviour(box))

    assert first == second
    assert first.rows == read_diversity(path)
    assert len(box.programs) == 2


async def test_a_line_cut_off_is_measured_again(tmp_path: Path) -> None:
    path = run_of(tmp_path, [TASK], {TASK.id: ["by 2", "by 3"]})
    whole = (await measure_run(path, ByBehaviour(sandbox()))).rows
    file = path / "diversity.jsonl"
    file.write_bytes(file.read_bytes()[:-9])

    again = (await measure_run(path, ByBehaviour(sandbox()))).rows

    assert again == whole == read_diversity(path)


async def test_a_sandbox_that_fails_costs_one_task_its_measure(tmp_path: Path) -> None:
    def breaks(program: Program, given: Any) -> Any:
        if "broken" in program.code:
            raise SandboxError("the engine is gone")
        return does(program, given)

    other = type(TASK)("other", "x", entry_point="solve", public_tests=TASK.public_tests)
    texts = {TASK.id: ["by 2", "broken by 2"], "other": ["by 2", "by 3"]}
    path = run_of(tmp_path, [TASK, other], texts)

    measured = await measure_run(path, ByBehaviour(ScriptedSandbox(breaks)))

    assert [row.task for row in measured.rows] == ["other"]
    assert measured.failed == {TASK.id: "the engine is gone"}


async def test_what_cannot_be_measured_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a run's folder"):
        await measure_run(tmp_path, ByBehaviour(sandbox()))

    path = run_of(tmp_path / "run", [], {})
    (path / "samples.jsonl").unlink()
    with pytest.raises(InputError, match="nothing to compare"):
        await measure_run(path, ByBehaviour(sandbox()))


async def test_a_task_that_nobody_has_ends_it_with_its_name(tmp_path: Path) -> None:
    path = run_of(tmp_path, [TASK], {TASK.id: ["by 2", "by 3"]})
    (path / "store.sqlite").unlink()

    with pytest.raises(InputError, match="data set 'none'"):
        await measure_run(path, ByBehaviour(sandbox()))


def test_a_run_is_the_mean_of_its_tasks_and_leaves_out_those_without_pairs() -> None:
    rows = [
        TaskDiversity("a", "x", 4, pairs=6, similar=3),
        TaskDiversity("b", "x", 2, pairs=1, similar=0, usage=Usage(1, 5, 1)),
        TaskDiversity("c", "x", 1),
        TaskDiversity("a", "y", 2, pairs=1, similar=1),
    ]

    x, y = diversities(rows)

    assert x.value is not None
    assert (x.value.value, x.tasks, x.omitted, x.pairs) == (0.75, 2, 1, 7)
    assert y.value is not None
    assert y.value.value == 0
    json.dumps([x.to_json(), y.to_json()], allow_nan=False)


def test_a_record_is_read_as_it_was_written() -> None:
    row = TaskDiversity("a", "x", 4, 1, 6, 3, 1, Usage(3, 2, 1), "429")

    assert TaskDiversity.from_json(json.loads(json.dumps(row.to_json()))) == row
    with pytest.raises(ValueError, match="newer"):
        TaskDiversity.from_json({**row.to_json(), "schema": 99})
