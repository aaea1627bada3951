"""Evaluations of scripted models: tasks by number, and what they come to."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ponder.evals.arms import name_of
from ponder.evals.folder import STORE, About, RunFolder, read_results
from ponder.evals.results import Result
from ponder.evals.runner import Arm
from ponder.evals.spec import Spec, with_samples
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context
from ponder.sandboxes import Program, Sandbox, ScriptedSandbox
from ponder.tasks import CodeTask, Key, LoadedTask, Test

Loaded = LoadedTask[Any, Any]


def task(number: int, *, key: bool = True) -> Loaded:
    """Return its number times what is given."""
    id = f"times/{number}"
    tests = (Test((1,), number), Test((2,), 2 * number))
    code = CodeTask(id, f"Multiply by {number}.", entry_point="solve", public_tests=tests[:1])
    return LoadedTask(code, Key(id, tests) if key else None)


def tasks(count: int) -> list[Loaded]:
    """The tasks 1, 2, …"""
    return [task(number) for number in range(1, count + 1)]


def script(messages: list[Message], path: str, index: int) -> str:
    """Right but for the second of a task's samples, which passes the public test alone."""
    number = messages[-1]["content"].partition("Multiply by ")[2].partition(".")[0]
    wrong = "# by chance" if path == "s2/code" else ""
    return f"```python\ndef solve(x):\n    return {number} * x  {wrong}\n```"


def runs(program: Program, given: Any) -> int:
    """What such a program returns."""
    number = int(program.code.partition("return ")[2].partition(" ")[0])
    return number if "by chance" in program.code else number * given[0]


def spec(samples: int = 3, graph: str = "repeated-sampling", **fields: Any) -> Spec:
    """In words."""
    options = with_samples(graph, {}, samples)
    return Spec(graph, options=options, model="scripted", **fields)


def arm(
    folder: Path, model: ScriptedModel | None = None, sandbox: Sandbox | None = None, **more: Any
) -> Arm:
    """A run in `folder`; `more` are fields of its `Spec`."""
    asked = spec(**more)
    held = RunFolder(folder, About(name_of(asked), "times", asked))
    context = Context(
        model or ScriptedModel(script),
        sandbox=sandbox or ScriptedSandbox(runs),
        store=folder / STORE,
        seed=asked.seed,
    )
    return Arm(held, asked.build(), context)


def close(arms: Sequence[Arm]) -> None:
    """Let go of the folders, and of the stores."""
    for one in arms:
        one.context.close()
        one.folder.close()


def results(folder: Path) -> dict[str, Result]:
    """By task."""
    return {result.task: result for result in read_results(folder)}


class Read:
    """Tasks that know how many of them have been read."""

    def __init__(self, all_tasks: Sequence[Loaded]) -> None:
        self._tasks = all_tasks
        self.count = 0

    def __iter__(self) -> Iterator[Loaded]:
        for loaded in self._tasks:
            self.count += 1
            yield loaded
