"""IdeaSearch's first call: an idea from the problem alone."""

from dataclasses import dataclass

from typing_extensions import TypedDict

from .context import Runtime
from .plan import Sketched
from .prompt import render
from .read import prose
from .sampling import PAPER, Sampling
from .think import Asking, think


class Sampled(TypedDict):
    """One of several samples of the same thing; `path` is "s1", "s2", …"""

    run: str
    path: str


@dataclass(frozen=True)
class Brainstorm:
    """Asks for a non-intuitive solution in words, after two solved examples."""

    sampling: Sampling = PAPER

    async def __call__(self, state: Sampled, runtime: Runtime) -> Sketched:
        """The idea, as a sketch."""
        run = runtime.context.run(state["run"])
        thought, _ = await think(
            runtime,
            run,
            Asking("idea", "idea_model", self.sampling, then=1),
            render("idea", task=run.task),
            id=f"{state['path']}/idea",
            parents=(),
            read=prose,
        )
        return {"run": run.key, "sketch": thought.id, "ended": thought.failure}
