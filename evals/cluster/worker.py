"""What runs on a node: a process with models, sandboxes and searches of its own.

It holds no file. Whatever its searches write to their stores is told to the driver with the next
`news`, in the order in which it was written, so that a node that is lost takes with it no more than
the last second's replies; a task that has ended is forgotten here.
"""

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ...errors import PonderError
from ...models import Store, disconnect
from ...models.store import Row
from ...sandboxes import connect as connect_sandbox
from ...tasks import LoadedTask
from ..pace import Lane, Pace
from ..spec import Spec

SHIP = 1.0
"""Seconds between two `news`, where no task has ended."""
MOST = 4_000_000
"""Characters of one `news`, more or less."""
WAIT = 1.0
"""Seconds to wait for room in one question for it."""

Item = tuple[str, int, Any]
"""News: "row", the lane and the row; "result", the lane and (task, result, samples), the latter two
as JSON; or "error", 0, and what `problem` makes of it."""
Problem = tuple[str, str]
"""The name of an error of ours, and what it says."""


def problem(error: PonderError) -> Problem:
    """The error as plain data."""
    return type(error).__name__, str(error)


class Worker:
    """Searches with the graphs and models of `specs`: one lane for each, in their order.

    All its methods are called by the driver, through Ray; what they raise would be a bug.
    """

    def __init__(
        self, specs: Sequence[Mapping[str, Any]], concurrency: int, programs: bool
    ) -> None:
        self._specs = [Spec.from_json(spec) for spec in specs]
        self._concurrency, self._programs = concurrency, programs
        self._lanes: list[Lane] = []
        self._outbox: deque[tuple[int, Item]] = deque()
        """Each with its size in characters."""
        self._waiting = 0
        """Their sum."""
        self._urgent = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> Problem | None:
        """Connect everything and see that it answers, before anything is paid for."""
        try:
            boxes = {spec.sandbox: connect_sandbox(spec.sandbox) for spec in self._specs}
            for number, spec in enumerate(self._specs):
                store = Store()
                store.told = partial(self._tell_row, number)
                context = spec.connect(store, boxes[spec.sandbox])
                self._lanes.append(Lane(spec.build(), context))
            self._pace = Pace(self._lanes, self._concurrency)
            for lane in self._lanes:
                await lane.context.start(programs=self._programs)
        except PonderError as error:
            return problem(error)
        return None

    async def room(self, lanes: Sequence[int]) -> list[int]:
        """Which of these lanes another task may be begun in; waits a moment for the first."""
        asked = {number: self._lanes[number] for number in lanes}
        waiting = [asyncio.ensure_future(self._pace.room(lane)) for lane in asked.values()]
        await asyncio.wait(waiting, timeout=WAIT, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        return [number for number, lane in asked.items() if self._pace.has_room(lane)]

    async def take(self, number: int, loaded: LoadedTask[Any, Any], rows: Sequence[Row]) -> None:
        """Begin a task of that lane, with what is known of it already."""
        self._store(number).add(rows)
        task = asyncio.create_task(self._work(number, loaded))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def news(self) -> list[Item]:
        """What has been written and what has ended since the last time; waits a second at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._urgent.wait(), SHIP)
        items, size = [], 0
        while self._outbox and size < MOST:
            length, item = self._outbox.popleft()
            items.append(item)
            size += length
        self._waiting -= size
        self._urgent.clear()
        if self._outbox:
            self._urgent.set()
        return items

    async def close(self) -> None:
        """Give back what the node lent: sandboxes, connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes:
            lane.context.close()
        await disconnect()

    async def _work(self, number: int, loaded: LoadedTask[Any, Any]) -> None:
        try:
            result, samples = await self._pace.attempt(self._lanes[number], loaded)
        except PonderError as error:
            self._tell("error", 0, problem(error), urgent=True)
            return
        ended = (loaded.task.id, json.dumps(result.to_json()), json.dumps(samples))
        self._tell("result", number, ended, urgent=True)
        self._store(number).forget(loaded.task.id)

    def _store(self, number: int) -> Store:
        store = self._lanes[number].context.store
        assert isinstance(store, Store)
        return store

    def _tell_row(self, number: int, row: Row) -> None:
        self._tell("row", number, row)

    def _tell(self, kind: str, number: int, said: tuple[Any, ...], *, urgent: bool = False) -> None:
        size = sum(len(one) for one in said if isinstance(one, str))
        self._outbox.append((size, (kind, number, said)))
        self._waiting += size
        if urgent or self._waiting >= MOST:
            self._urgent.set()
