"""The examples that are shipped."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ponder.models import ScriptedModel
from ponder.nodes import Context
from ponder.sandboxes import Sandbox, connect
from ponder.tasks import load_task
from ponder.verifiers import HiddenTests, PublicTests

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


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def code_repair(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("code_repair", monkeypatch)


async def test_the_repair_loop_shows_the_failure_and_stops_at_success(
    sandbox: Sandbox, code_repair: ModuleType
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

    result = await code_repair.code_repair().ainvoke({"task": task.task}, context=context)

    assert model.paths == ["code", "code/repair"]
    assert "gave 3, expected [[1, 6], [8, 10]]" in model.calls[1].messages[-1]["content"]
    assert result["solution"].chosen == "code/repair"
    assert result["solution"].solved


async def test_every_search_answers_the_question_it_is_compared_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = load("compare_searches", monkeypatch)
    sandbox = ScriptedSandbox(lambda program, given: None)
    model, verifier = ScriptedModel(script), ScriptedVerifier(scores)
    context = Context(model=model, verifier=verifier, sandbox=sandbox)

    found = await example.compare(context, QUESTION, 8)

    assert set(found) == set(example.searches(8))
    assert {solution.final for solution in found.values()} <= {"0", "1", "2"}
    assert len(capsys.readouterr().out.splitlines()) == len(found)
