"""How many calls may be in flight: one queue per backend for the whole process.

Neither LangGraph's `max_concurrency` nor LiteLLM's Router queues across runs, and a server is one
server however many runs call it.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from weakref import WeakKeyDictionary

Loop = asyncio.AbstractEventLoop


class Slots:
    """A semaphore whose waiters are served by rank, lowest first, and then as they came."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    @asynccontextmanager
    async def hold(self, rank: int = 0) -> AsyncIterator[None]:
        """A slot, for the length of the block."""
        await self._acquire(rank)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, rank: int) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()  # it was given a slot in the moment it was cancelled
            raise

    def _release(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[-1]
            if not turn.done():
                turn.set_result(None)  # the slot goes straight to whoever is next
                return
        self._free += 1


_slots: WeakKeyDictionary[Loop, dict[str, Slots]] = WeakKeyDictionary()


def slots(backend: str, limit: int) -> Slots:
    """The queue for `backend`. The first to ask sets its limit; it is kept per event loop, since a
    future of asyncio's belongs to one."""
    queues = _slots.setdefault(asyncio.get_running_loop(), {})
    return queues.setdefault(backend, Slots(limit))
