"""The examples that are shipped."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ponder.models import Message, ScriptedModel
from ponder.nodes import Context
from ponder.sandboxes import Sandbox, ScriptedSandbox, connect
from ponder.tasks import load_task
from ponder.verifiers import HiddenTests, PublicTests, ScriptedVerifier, Verdict
from tests.support.steps import QUESTION, scores, script

EXAMPLES = Path(__file__).parents[2] / "examples"
TASKS = sorted((EXAMPLES / "tasks").glob("*.yaml"))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with pytest.warns(UserWarning, match="keeps nothing in"):
        made = connect("subprocess")
    yield made
    made.close()


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
async def test_a_task_s_own_solution_passes_and_an_empty_program_does_not(
    sandbox: Sandbox, path: Path
) -> None:
    loaded = load_task(str(path))
    assert loaded.key is not None
    assert loaded.key.canonical_solution is not None
    programs = [loaded.key.canonical_solution, f"def {loaded.task.entry_point}(*_): pass"]

    public = await PublicTests(sandbox).judge(loaded.task, programs)
    hidden = await HiddenTests(sandbox, loaded.key).judge(loaded.task, programs)

    assert [verdict.passed for verdict in public] == [True, False]
    assert [verdict.passed for verdict in hidden] == [True, False]
    assert len(loaded.key.tests) >= 6


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    name: str = request.param
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("example", ["code_repair"], indirect=True)
async def test_the_repair_loop_shows_the_failure_and_stops_at_success(
    sandbox: Sandbox, example: ModuleType
) -> None:
    task = load_task(str(EXAMPLES / "tasks/merge_intervals.yaml"))
    assert task.key is not None
    right = task.key.canonical_solution
    model = ScriptedModel(
        lambda messages, path, index: (
            f"```python\n{right if 'repair' in path else 'merge = len'}\n```"
        )
    )
    context = Context(model=model, sandbox=sandbox)

    result = await example.code_repair().ainvoke({"task": task.task}, context=context)

    assert model.paths == ["code", "code/repair"]
    assert "gave 3, expected [[1, 6], [8, 10]]" in model.calls[1].messages[-1]["content"]
    assert result["solution"].chosen == "code/repair"
    assert result["solution"].solved


@pytest.mark.parametrize("example", ["revisions"], indirect=True)
async def test_revisions_are_chosen_by_their_scores_and_each_has_a_line(
    example: ModuleType,
) -> None:
    def say(messages: list[Message], path: str, index: int) -> str:
        return f"{path}\n\nIt is \\boxed{{{4 if path == 'c2/r3' else 5}}}."

    verifier = ScriptedVerifier(lambda task, steps: Verdict(0.9 if "c2/r3" in steps[0] else 0.1))
    context = Context(model=ScriptedModel(say), verifier=verifier)

    solution = await example.revise("What is 2 + 2?", context)

    lines = example.report(solution, context).splitlines()
    assert solution.final == "4"
    assert len(solution.candidates) == 12
    assert [line for line in lines if line.startswith("->")] == ["-> c2/r3      4  score 0.9"]


@pytest.mark.parametrize("example", ["compare_searches"], indirect=True)
async def test_every_search_answers_the_question_it_is_compared_on(
    example: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    context = Context(
        model=ScriptedModel(script),
        verifier=ScriptedVerifier(scores),
        sandbox=ScriptedSandbox(lambda program, given: None),
    )

    found = await example.compare(context, QUESTION, 8)

    assert set(found) == set(example.searches(8)) == set(example.searches(7))
    assert {solution.final for solution in found.values()} <= {"0", "1", "2"}
    assert len(capsys.readouterr().out.splitlines()) == len(found)


@pytest.mark.parametrize("example", ["compute_optimal"], indirect=True)
async def test_a_simulated_sweep_becomes_a_policy_that_new_questions_are_answered_by(
    example: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await example.main(12, [2, 4], tmp_path)

    said = capsys.readouterr().out
    assert "lookahead-1-sqrt" in said
    assert "(a probe of 1 among them)" in said
    assert (tmp_path / "policy.json").exists()
