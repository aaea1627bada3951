"""Open a run: the first node of every graph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import TypedDict

from ..errors import InputError
from ..models.base import StepModel, StepPreparable
from ..tasks import CodeTask, InstructionTask, MathTask, Task, task_from_data
from ..tasks.equivalence import require
from ..verifiers import PublicTests
from ..verifiers.base import Keyed, StepVerifier, StudentVerifier
from .context import Context, Runtime
from .run import Run


class Asked(TypedDict):
    """What a caller gives a graph: a task, or the mapping of a task file (as a server gets it)."""

    task: Task | dict[str, Any]


class Opened(TypedDict):
    """The key by which every later node finds the run."""

    run: str


@dataclass(frozen=True)
class Begin:
    """Opens the run of this graph on the task, or opens it again if the store knows it."""

    graph: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able; part of the run's identity."""
    takes: tuple[type[Task], ...] = (CodeTask,)
    """The kinds of task that the graph can do."""
    judged: bool = False
    """Whether it needs a verifier that can judge its task."""
    feedback: bool = False
    """Whether its model is shown why the verifier accepts no answer."""
    extends: bool = False
    """Whether it needs a model that can be made to go on with a reply."""
    by_steps: bool = False
    """Whether it needs such a model, and a verifier that judges steps."""
    by_student: bool = False
    """Whether it needs a student as verifier."""

    async def __call__(self, state: Asked, runtime: Runtime) -> Opened:
        """The new run's key.

        Raises:
            InputError: the task is no task, or none for this graph; the model or the verifier
                cannot do what the graph needs.
            MissingError: there is something to run, and nothing to run it in.
        """
        task = state["task"]
        if not isinstance(task, Task):
            task = task_from_data(task, "task").task
        self._refuse_misfits(task, runtime)
        run = Run.begin(task, [self.graph, dict(self.options)], runtime.context)
        with run.spans.beginning():
            await self._prepare(run, runtime.context)
        return {"run": runtime.context.open(run).key}

    async def _prepare(self, run: Run, context: Context) -> None:
        if isinstance(run.task, MathTask):
            require()
        if not run.calls.finished:
            await context.start(programs=isinstance(run.task, CodeTask))
            model = context.role("model")
            if (self.by_steps or self.extends) and isinstance(model, StepPreparable):
                await model.ready_to_extend()

    def _refuse_misfits(self, task: Task, runtime: Runtime) -> None:
        if not isinstance(task, self.takes):
            kinds = {
                CodeTask: "programs",
                MathTask: "answers to questions",
                InstructionTask: "instructions anew",
            }
            written = " and ".join(kinds[kind] for kind in self.takes)
            raise InputError(
                f"task {task.id}: {self.graph} writes {written}, not {kinds[type(task)]}"
            )
        model, verifier = runtime.context.role("model"), runtime.context.judging
        if self.judged and isinstance(task, MathTask) and isinstance(verifier, PublicTests):
            raise InputError(
                f"task {task.id}: {self.graph} needs a verifier that judges answers to questions, "
                "such as prm:PATH or judge:MODEL"
            )
        if self.feedback and isinstance(verifier, Keyed):
            raise InputError(
                f"verifier {verifier.name}: it judges by a key, and {self.graph} would show its "
                "reasons to the model; use another, or feedback=False"
            )
        if (self.by_steps or self.extends) and not isinstance(model, StepModel):
            raise InputError(f"model {model.name}: {self.graph} needs one that writes by steps")
        if self.by_student and not isinstance(verifier, StudentVerifier):
            raise InputError(
                f"verifier {verifier.name}: {self.graph} needs a student, such as ifd:MODEL"
            )
        if self.by_steps and not isinstance(verifier, StepVerifier):
            raise InputError(
                f"verifier {verifier.name}: {self.graph} needs one that judges steps, such as "
                "prm:PATH or judge:MODEL"
            )
