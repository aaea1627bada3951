"""From a solution in words to a program: pseudocode, code."""

from dataclasses import dataclass
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ..models.base import Message
from . import read
from .context import Runtime
from .plan import Sketched
from .prompt import render
from .run import Run
from .sampling import PAPER, Sampling
from .think import Asking, think


@dataclass(frozen=True)
class Pseudocode:
    """Asks for the sketch as pseudocode, to be followed exactly."""

    sampling: Sampling = PAPER

    async def __call__(self, state: Sketched, runtime: Runtime) -> dict[str, str | None]:
        """The pseudocode of the sketch."""
        run = runtime.context.run(state["run"])
        thought, _ = await think(
            runtime,
            run,
            Asking("pseudocode", "model", self.sampling, then=1, after=state["sketch"]),
            render("pseudocode", task=run.task, sketch=run.thoughts[state["sketch"]].text),
            id=f"{state['sketch']}/pseudocode",
            parents=(state["sketch"],),
            read=read.prose,
        )
        return {"pseudocode": thought.id, "ended": thought.failure}


class Writable(TypedDict):
    """What a program is written from: pseudocode if there is any, else the sketch, else the
    observations, else the problem alone."""

    run: str
    path: NotRequired[str]
    sketch: NotRequired[str]
    pseudocode: NotRequired[str]
    observations: NotRequired[list[str]]


class Answered(TypedDict):
    """The id of a whole answer's thought."""

    answer: str
    ended: str | None


@dataclass(frozen=True)
class WriteCode:
    """Asks for the program. From pseudocode, the coder does not see the sketch (official code)."""

    few_shot: bool = True
    """Whether two solved examples come first, as in the paper."""
    block: Literal["last", "first"] = "last"
    """Which fenced block is taken; the official code takes the first."""
    sampling: Sampling = PAPER
    kind: str = "code"
    """What its thoughts are counted as."""

    async def __call__(self, state: Writable, runtime: Runtime) -> Answered:
        """The program's thought, whose text is the source alone."""
        run = runtime.context.run(state["run"])
        parents = self._parents(state)
        place = state.get("sketch") or state.get("path", "")
        thought, _ = await think(
            runtime,
            run,
            Asking(self.kind, "model", self.sampling, after=self._source(state)),
            self._messages(run, state, parents),
            id=f"{place}/code" if place else "code",
            parents=parents,
            read=lambda reply: read.code(reply, run.code_task.entry_point, self.block),
        )
        return {"answer": thought.id, "ended": thought.failure}

    @staticmethod
    def _source(state: Writable) -> str | None:
        """The words that are made a program."""
        return state.get("pseudocode") or state.get("sketch")

    def _parents(self, state: Writable) -> tuple[str, ...]:
        source = self._source(state)
        return (source,) if source else tuple(state.get("observations", ()))

    def _messages(self, run: Run, state: Writable, parents: tuple[str, ...]) -> list[Message]:
        texts = [run.thoughts[id].text for id in parents]
        from_words = "sketch" in state
        system, user = render(
            "code",
            task=run.task,
            sketch=texts[0] if from_words else None,
            sketch_name="pseudocode" if state.get("pseudocode") else "description",
            observations=texts if "observations" in state else None,
        )
        shots = render(f"shots_{run.code_task.mode}") if self.few_shot else []
        return [system, *shots, user]
