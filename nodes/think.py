"""Ask for one thought, read the reply, and if there is none that can be read, ask again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..errors import ReadError
from ..models.base import Message, Usage
from ..models.budget import Promise
from .context import Runtime
from .request import CallEnded, Ending
from .run import Run
from .sampling import PAPER, Sampling
from .thought import Thought

T = TypeVar("T")

QUOTED = 2000
"""Characters of an unreadable reply that are shown back to the model."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a kind of thought is asked for."""

    kind: str
    role: str = "model"
    sampling: Sampling = PAPER
    temperatures: tuple[float, ...] = ()
    """A temperature for each try in turn, in place of the sampling's own; their number is the
    number of tries."""
    tries: int = 2
    note: bool = True
    """Whether a further try shows the model its reply and what was wrong with it."""
    then: int = 0
    """Calls that have to follow it until there is an answer: no thought is asked for that the
    budget could not bring to one."""
    after: str | None = None
    """The id of the thought whose following calls it is one of."""
    once: bool = False
    """Whether a reply that was cut off or refused is not asked for again when the run is: the next
    try is made in its place, and it is not paid for twice."""

    def promise(self, id: str, attempt: int) -> Promise:
        """What the budget is told of the thought of that id. A further attempt follows the first,
        under whose name the rest is set aside."""
        return Promise(id, self.then, id if attempt else self.after)

    def attempts(self) -> list[Sampling]:
        """The sampling of each try."""
        if self.temperatures:
            return [replace(self.sampling, temperature=t) for t in self.temperatures]
        return [self.sampling] * self.tries


async def think(
    runtime: Runtime,
    run: Run,
    asking: Asking,
    messages: list[Message],
    *,
    id: str,
    parents: tuple[str, ...],
    read: Callable[[str], T],
    schema: dict[str, Any] | None = None,
) -> tuple[Thought, T | None]:
    """A thought and what was read from it; (a thought with a failure, None) if there was none.

    The thought's text is the reply, or what `read` made of it when that is text.
    """
    model = run.model(asking.role)
    with run.spans.thinking(id, asking.kind, parents, model.name, messages):
        thought, value, asked = await _think(
            run, asking, messages, id=id, parents=parents, read=read, schema=schema
        )
        if asked:
            run.promise(asking.promise(id, 0))
            run.record(thought)
            runtime.stream_writer(thought)
    return thought, value


async def _think(
    run: Run,
    asking: Asking,
    messages: list[Message],
    *,
    id: str,
    parents: tuple[str, ...],
    read: Callable[[str], T],
    schema: dict[str, Any] | None,
) -> tuple[Thought, T | None, bool]:
    """The thought, what was read, and whether anything was asked at all."""
    spent = Usage()
    faults: list[str] = []
    failure: Ending | None = None
    for attempt, sampling in enumerate(asking.attempts()):
        path = id if attempt == 0 else f"{id}~{attempt + 1}"
        if failure is not None:
            faults.append(failure.reason)
        try:
            reply = await run.calls.ask(
                run.model(asking.role),
                path,
                messages,
                sampling,
                schema,
                promise=asking.promise(id, attempt),
                once=asking.once,
            )
        except CallEnded as ended:
            spent += ended.ending.usage
            faults += ended.ending.faults
            failure = ended.ending
            if failure.again:
                continue
            break
        spent += reply.usage
        faults += reply.faults
        try:
            value = read(reply.text)
        except ReadError as error:
            failure = Ending(f"unreadable: {error}")
            if asking.note:
                messages = [*messages, *_correction(reply.text, error)]
            continue
        text = value if isinstance(value, str) else reply.text
        thought = Thought(id, asking.kind, text, parents, usage=spent, faults=tuple(faults))
        return thought, value, True
    assert failure is not None  # there is at least one attempt
    run.calls.ledger.release(id)
    thought = Thought(
        id, asking.kind, "", parents, usage=spent, faults=tuple(faults), failure=failure.reason
    )
    return thought, None, not failure.stopped or spent.calls > 0


def _correction(reply: str, error: ReadError) -> list[Message]:
    shown = reply if len(reply) <= QUOTED else f"{reply[:QUOTED]}\n[{len(reply) - QUOTED} more]"
    return [
        {"role": "assistant", "content": shown},
        {"role": "user", "content": f"That cannot be read: {error}. Answer again, in full."},
    ]
