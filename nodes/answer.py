"""A whole answer at once: a program, or a worked solution."""

from dataclasses import dataclass

from ..tasks import MathTask
from .context import Runtime
from .prompt import render
from .read import prose
from .sample import Sampled
from .sampling import PAPER, Sampling
from .think import Asking, think
from .write import Answered, WriteCode


@dataclass(frozen=True)
class Answer:
    """Asks for a program, or for a worked solution that ends in a final answer, as the task is."""

    few_shot: bool = False
    """Whether a coder is shown two solved examples."""
    sampling: Sampling = PAPER
    kind: str | None = None
    """What its thoughts are counted as; "code" or "answer" if None."""

    async def __call__(self, state: Sampled, runtime: Runtime) -> Answered:
        """The answer's thought."""
        run = runtime.context.run(state["run"])
        if not isinstance(run.task, MathTask):
            write = WriteCode(self.few_shot, sampling=self.sampling, kind=self.kind or "code")
            return await write({"run": run.key, "path": state["path"]}, runtime)
        thought, _ = await think(
            runtime,
            run,
            Asking(self.kind or "answer", "model", self.sampling),
            render("solve", task=run.task),
            id=f"{state['path']}/answer",
            parents=(),
            read=prose,
        )
        return {"answer": thought.id, "ended": thought.failure}
