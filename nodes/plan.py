"""From observations to solutions in words: plan, criticism, fix (PlanSearch section 4.3.2)."""

from dataclasses import dataclass
from typing import NotRequired

from typing_extensions import TypedDict

from ..models.base import Message
from .context import Runtime
from .observe import Place
from .prompt import render
from .read import prose
from .run import Run
from .sampling import PAPER, Sampling
from .think import Asking, think
from .thought import Thought


class Sketched(TypedDict):
    """A solution in words, on the way to becoming code."""

    run: str
    sketch: str
    """Id of the thought that holds it."""
    ended: NotRequired[str | None]


def plan_messages(run: Run, observations: tuple[str, ...], brief: bool) -> list[Message]:
    """What is asked for a plan on those observations (thought ids)."""
    texts = [run.thoughts[id].text for id in observations]
    return render("plan", task=run.task, observations=texts, brief=brief)


@dataclass(frozen=True)
class Plan:
    """Asks for a solution in natural language that quotes the observations before each step."""

    brief: bool = False
    sampling: Sampling = PAPER
    then: int = 1
    """Calls from a plan to a program."""

    async def __call__(self, state: Place, runtime: Runtime) -> Sketched:
        """The plan of this place."""
        run = runtime.context.run(state["run"])
        given = tuple(state["observations"])
        thought, _ = await think(
            runtime,
            run,
            Asking("plan", "idea_model", self.sampling, then=self.then),
            plan_messages(run, given, self.brief),
            id=f"{state['path']}/plan",
            parents=given,
            read=prose,
        )
        return {"run": run.key, "sketch": thought.id, "ended": thought.failure}


class Criticised(Sketched):
    """A sketch and what was found wrong with it."""

    criticism: str


@dataclass(frozen=True)
class Criticise:
    """Asks a critic, in a fresh conversation, where a sketch fails and on which input. As in the
    official code it is asked of every sketch, right or wrong."""

    sampling: Sampling = PAPER
    then: int = 1
    """Calls from the fix, which follows, to a program."""

    async def __call__(self, state: Sketched, runtime: Runtime) -> dict[str, str | None]:
        """The criticism of the sketch."""
        run = runtime.context.run(state["run"])
        thought, _ = await think(
            runtime,
            run,
            Asking("criticism", "idea_model", self.sampling, then=1 + self.then),
            render("criticise", task=run.task, sketch=run.thoughts[state["sketch"]].text),
            id=f"{state['sketch']}/criticism",
            parents=(state["sketch"],),
            read=prose,
        )
        return {"criticism": thought.id, "ended": thought.failure}


@dataclass(frozen=True)
class Fix:
    """Asks, in the critic's conversation, for a repaired solution, which alone becomes a second
    sketch (the official code's prompt that merges it with the first is never used)."""

    sampling: Sampling = PAPER
    then: int = 1
    """Calls from a fix to a program."""

    async def __call__(self, state: Criticised, runtime: Runtime) -> Sketched:
        """The repaired sketch, in place of the first."""
        run = runtime.context.run(state["run"])
        sketch, criticism = run.thoughts[state["sketch"]], run.thoughts[state["criticism"]]
        thought, _ = await think(
            runtime,
            run,
            Asking("fix", "idea_model", self.sampling, then=self.then, after=criticism.id),
            self._messages(run, sketch, criticism),
            id=f"{sketch.id}/fix",
            parents=(criticism.id,),
            read=prose,
        )
        return {"run": run.key, "sketch": thought.id, "ended": thought.failure}

    @staticmethod
    def _messages(run: Run, sketch: Thought, criticism: Thought) -> list[Message]:
        return [
            *render("criticise", task=run.task, sketch=sketch.text),
            {"role": "assistant", "content": criticism.text},
            *render("fix"),
        ]
