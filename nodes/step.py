"""One step of a worked solution: asked for, and recorded."""

from dataclasses import dataclass, replace
from typing import Literal

from ..models.base import Step, Usage
from .calls import CallEnded
from .context import Runtime
from .prompt import render
from .run import Run
from .sampling import Sampling
from .thought import Thought

TRIES = 2
"""Samples of a step that is refused or cut off, before its branch ends."""


@dataclass(frozen=True, slots=True)
class Stepping:
    """How steps are written."""

    sampling: Sampling
    separator: str = "\n\n"
    """What stands between two steps, and stops the model after one."""
    whole: bool = False
    """Whether the model writes on to the end of its answer instead."""
    kind: Literal["step", "rollout"] = "step"

    def greedy(self) -> "Stepping":
        """The same at temperature 0, for rollouts."""
        return replace(
            self, sampling=replace(self.sampling, temperature=0.0, top_p=None), kind="rollout"
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was asked for."""

    thought: Thought
    ended: bool = False
    """Whether the model ended its answer with it."""


async def take_step(
    runtime: Runtime, run: Run, how: Stepping, id: str, parent: str | None
) -> Taken:
    """The step of that id, after the one that is its `parent` (None: the first). What went wrong,
    or an answer that goes nowhere, is its thought's failure."""
    written = run.lineage(parent) if parent else []
    prefix = "".join(text + how.separator for text in written)
    sampling = how.sampling if how.whole else replace(how.sampling, stop=(how.separator,))
    messages = render("solve", task=run.task)
    spent, failure = Usage(), ""
    faults: tuple[str, ...] = ()
    step: Step | None = None
    for attempt in range(TRIES):
        path = id if attempt == 0 else f"{id}~{attempt + 1}"
        try:
            step = await run.calls.extend(run.model("model"), path, messages, prefix, sampling)
            break
        except CallEnded as ended:
            faults += (*([failure] if failure else []), *ended.ending.faults)
            spent, failure = spent + ended.ending.usage, ended.ending.reason
            if not ended.ending.again:
                break
    if step is not None:
        faults += (*([failure] if failure else []), *step.faults)
        spent, failure = spent + step.usage, _fault(step, written)
    thought = Thought(
        id, how.kind, step.text if step and not failure else "", (parent,) if parent else (),
        usage=spent, faults=faults, failure=failure or None,
    )  # fmt: skip
    if spent.calls:
        runtime.stream_writer(run.record(thought))
    return Taken(thought, ended=step is not None and step.finish == "answer" and not failure)


def _fault(step: Step, written: list[str]) -> str:
    """What makes it no step at all: a model that has nothing to say would say it for ever."""
    if step.text.strip() or (step.finish == "answer" and written):
        return ""
    return "empty: a step without words"


def steps_of(run: Run, id: str, how: Stepping) -> list[str]:
    """A solution's steps, up to the one of that id, as a verifier gets them."""
    texts = how.separator.join(run.lineage(id)).split(how.separator)
    return [text.strip() for text in texts if text.strip()]
