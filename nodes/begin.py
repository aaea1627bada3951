"""Open a run: the first node of every graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import TypedDict

from ..errors import InputError
from ..tasks import CodeTask, MathTask, task_from_data
from .context import Runtime
from .run import Run


class Asked(TypedDict):
    """What a caller gives a graph: a task, or the mapping of a task file (as a server gets it)."""

    task: CodeTask | dict[str, Any]


class Opened(TypedDict):
    """The key by which every later node finds the run."""

    run: str


@dataclass(frozen=True)
class Begin:
    """Opens the run of this graph on the task, or opens it again if the store knows it."""

    graph: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able; part of the run's identity."""

    async def __call__(self, state: Asked, runtime: Runtime) -> Opened:
        """The new run's key.

        Raises:
            InputError: the task is no task, or asks for no program.
            MissingError: there is something to run, and nothing to run it in.
        """
        task = state["task"]
        if not isinstance(task, CodeTask | MathTask):
            task = task_from_data(task, "task").task
        if not isinstance(task, CodeTask):
            raise InputError(
                f"task {task.id}: {self.graph} writes programs, and this task asks for an answer"
            )
        run = Run.begin(task, [self.graph, dict(self.options)], runtime.context)
        if not run.calls.finished:
            await runtime.context.start()
        return {"run": runtime.context.open(run).key}
