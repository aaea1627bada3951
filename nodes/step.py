"""One step of a worked solution: asked for, and recorded."""

from dataclasses import dataclass, replace
from typing import Literal

from ..models.base import Message, Step, Usage
from .context import Runtime
from .prompt import render
from .request import CallEnded
from .run import Run
from .sampling import Sampling
from .thought import Thought

TRIES = 2
"""Samples of a step that is refused or cut off, before its branch ends."""
BLANKS = 3
"""Separators in a row that a step may begin with, each for a call: between lines that are steps,
some models leave a blank one."""


@dataclass(frozen=True, slots=True)
class Stepping:
    """How steps are written."""

    sampling: Sampling
    separator: str = "\n\n"
    """What stands between two steps, and stops the model after one."""
    whole: bool = False
    """Whether the model writes on to the end of its answer instead."""
    kind: Literal["step", "rollout"] = "step"

    @property
    def tries(self) -> int:
        """How often a step is sampled at most: at temperature 0 it would come out the same."""
        return 1 if self.sampling.temperature == 0 else TRIES

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


@dataclass(frozen=True, slots=True)
class _Sampled:
    """What came of asking for a step, once or twice."""

    step: Step | None
    usage: Usage
    faults: tuple[str, ...]
    failure: str | None
    asked: bool = True
    """False where the search had stopped before."""


async def take_step(
    runtime: Runtime, run: Run, how: Stepping, id: str, parent: str | None
) -> Taken:
    """The step of that id, after the one that is its `parent` (None: the first). What went wrong,
    or an answer that goes nowhere, is its thought's failure."""
    parents = (parent,) if parent else ()
    messages = render("solve", task=run.task)
    with run.spans.thinking(id, how.kind, parents, run.model("model").name, messages):
        return await _take(runtime, run, how, id=id, parents=parents, messages=messages)


async def _take(
    runtime: Runtime,
    run: Run,
    how: Stepping,
    *,
    id: str,
    parents: tuple[str, ...],
    messages: list[Message],
) -> Taken:
    written = run.lineage(parents[0]) if parents else []
    prefix = "".join(text + how.separator for text in written)
    sampled = await _sample(run, how, id, messages, prefix)
    failure = sampled.failure or (sampled.step and _fault(sampled.step, written)) or None
    thought = Thought(
        id,
        how.kind,
        sampled.step.text if sampled.step and not failure else "",
        parents,
        usage=sampled.usage,
        faults=sampled.faults,
        failure=failure,
    )
    if sampled.asked:
        runtime.stream_writer(run.record(thought))
    ended = sampled.step is not None and sampled.step.finish == "answer"
    return Taken(thought, ended and not failure)


async def _sample(
    run: Run, how: Stepping, id: str, messages: list[Message], prefix: str
) -> _Sampled:
    sampling = how.sampling if how.whole else replace(how.sampling, stop=(how.separator,))
    spent = Usage()
    faults: list[str] = []
    blanks: list[str] = []
    failed = 0
    while True:
        number = 1 + failed + len(blanks)
        path = id if number == 1 else f"{id}~{number}"
        begun = prefix + "".join(blanks)
        try:
            step = await run.calls.extend(run.model("model"), path, messages, begun, sampling)
        except CallEnded as ended:
            ending, failed = ended.ending, failed + 1
            spent += ending.usage
            faults += ending.faults
            if not ending.again or failed == how.tries:
                asked = not ending.stopped or spent.calls > 0
                return _Sampled(None, spent, tuple(faults), ending.reason, asked)
            faults.append(ending.reason)
        else:
            spent += step.usage
            faults += step.faults
            if step.text.strip() or step.finish == "answer" or len(blanks) == BLANKS:
                said = replace(step, text="".join(blanks) + step.text)
                return _Sampled(said, spent, tuple(faults), None)
            blanks.append(step.text + how.separator)


def _fault(step: Step, written: list[str]) -> str:
    """What makes it no step at all: a model that has nothing to say would say it for ever."""
    if step.text.strip() or (step.finish == "answer" and written):
        return ""
    return "empty: a step without words"


def steps_of(run: Run, id: str, how: Stepping) -> list[str]:
    """A solution's steps, up to the one of that id, as a verifier gets them."""
    texts = how.separator.join(run.lineage(id)).split(how.separator)
    return [text.strip() for text in texts if text.strip()]
