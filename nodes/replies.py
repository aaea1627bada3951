"""What is kept of a run's calls: their replies, and how calls ended that had none."""

from dataclasses import replace
from typing import Any, TypeVar

from ..models.base import Completion, Step, Usage
from ..models.store import Store, digest
from .request import Ending, Request
from .thought import plain

Reply = TypeVar("Reply", Completion, Step)


class Replies:
    """One run's view of the store.

    A reply is there for every run that asks the same; that a call was refused, failed or was never
    made, for this run alone.
    """

    def __init__(self, run: str, task: str, store: Store) -> None:
        self._run, self._task, self._store = run, task, store
        self.finished = store.record(run, "finished", "") is not None
        """Whether this run came to its end before, and only replays now."""

    def known(self, kind: type[Reply], request: Request) -> Reply | Ending | None:
        """What came of the request; None if the model must be asked.

        What was refused stays refused, so that a run started again is no larger than the first.
        What failed is asked again, unless the run came to its end in spite of it.
        """
        stored = self._store.reply(self._key(request))
        if stored is not None:
            usage, faults = Usage(**stored["usage"]), tuple(stored["faults"])
            return kind(stored["text"], stored["finish"], usage, faults)
        ended = self._store.record(self._run, "ended", request.path)
        final = self.finished or (request.once and ended is not None and ended["again"])
        if ended is None or not (ended["stopped"] or final):
            return None
        faults, usage = tuple(ended["faults"]), Usage(**ended["usage"])
        return Ending(**{**ended, "faults": faults, "usage": usage})

    def keep(self, request: Request, reply: Any) -> Any:
        """Keep a whole reply; of one that was cut off, `end` keeps that it was. Returns the one
        that stands."""
        if reply.finish == "length":
            return reply
        given = {**plain(reply), "usage": plain(reply.usage)}
        stands = self._store.put_reply(
            self._key(request),
            task=self._task,
            path=request.path,
            model=request.model.name,
            request=request.as_json(),
            reply=given,
        )
        # Of two runs that ask the same at once, both are paid for and both go on from the first.
        if stands is given:
            return reply
        return replace(reply, text=stands["text"], finish=stands["finish"])

    def end(self, request: Request, ending: Ending) -> None:
        """Keep that this run has no reply to it."""
        data = {**plain(ending), "usage": plain(ending.usage)}
        self._store.put_latest(self._run, "ended", request.path, data)

    def _key(self, request: Request) -> str:
        return digest([self._task, request.path, request.model.name, request.as_json()])
