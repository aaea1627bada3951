"""Calls of many coroutines, done together in one thread."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from ..errors import ModelUnavailable

T = TypeVar("T")
R = TypeVar("R")
_Asked = list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]]
"""Lists of items, and where the results of each go."""


class _Queue(Generic[T, R]):
    """What waits in one event loop."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]] = []
        self.runner: asyncio.Task[None] | None = None


class Gather(Generic[T, R]):
    """Runs `work` on lists of items: those asked for in the same turn of the event loop together,
    and while it runs, all that come meanwhile together after it. One call at a time, in a thread
    of its own, so the loop never waits. `work` gives one result an item; an exception of its own
    goes to all whose items it had.
    """

    def __init__(self, work: Callable[[list[T]], Sequence[R]], name: str) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue[T, R]] = (
            WeakKeyDictionary()
        )

    async def ask(self, items: Sequence[T]) -> Sequence[R]:
        """The results for these items, in order."""
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault(loop, _Queue())
        answer: asyncio.Future[Sequence[R]] = loop.create_future()
        queue.waiting.append((items, answer))
        if queue.runner is None:
            queue.runner = loop.create_task(self._run(queue))
        return await answer

    def close(self) -> None:
        """End the thread, when what it does is done. Idempotent."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _run(self, queue: _Queue[T, R]) -> None:
        await asyncio.sleep(0)  # whoever else asks in this turn comes along
        try:
            while queue.waiting:
                asked = [(items, answer) for items, answer in queue.waiting if not answer.done()]
                queue.waiting = []
                await self._answer(asked)
        finally:
            queue.runner = None  # it would keep its event loop, by which queues are known

    async def _answer(self, asked: _Asked[T, R]) -> None:
        together = [item for items, _ in asked for item in items]
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._thread, self._work, together)
        except Exception as error:  # noqa: BLE001  it is raised to those who asked
            _fail(asked, error)
        except asyncio.CancelledError:
            _fail(asked, ModelUnavailable("closed"))  # while this waited for the thread
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
        else:
            _give(asked, results)


def _fail(asked: _Asked[T, R], error: Exception) -> None:
    for _, answer in asked:
        if not answer.done():
            answer.set_exception(error)


def _give(asked: _Asked[T, R], results: Sequence[R]) -> None:
    start = 0
    for items, answer in asked:
        if not answer.done():
            answer.set_result(results[start : start + len(items)])
        start += len(items)
