"""A pool of workers behind the Sandbox protocol."""

import asyncio
import os
import queue
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ..errors import SandboxError
from .base import Execution, Limits, Outcome, Program
from .crew import Crew
from .worker import BrokenWorker, Killed, Worker

T = TypeVar("T")

ATTEMPTS = 3
"""Fresh workers that one program is given before its sandbox is said to have failed."""
LIFE = 10_000
"""Processes of programs after which a worker is replaced, so that nothing can build up in it."""
ALONE = 64 * 2**20
"""Bytes that the runner itself needs."""


def default_workers() -> int:
    """One more than there are cores: a worker spends part of its time in talk with its host."""
    return (os.cpu_count() or 1) + 1


@dataclass
class Hired:
    """A worker between two programs."""

    worker: Worker
    room: int
    """Bytes that all its processes may use together."""


def _finish(crew: Crew, *threads: ThreadPoolExecutor) -> None:
    if crew.inherited:
        return
    crew.close()
    for executor in threads:
        executor.shutdown(wait=False, cancel_futures=True)


class WorkerPool(ABC):
    """Runs each program on a free worker; starts and replaces workers as they are needed.

    One thread a worker, since talking to one blocks; others that replace workers, so that no
    program waits for that while a worker is free. Not tied to an event loop.
    """

    def __init__(self, workers: int | None = None, life: int = LIFE) -> None:
        """`life` is how many processes a worker makes before it is replaced."""
        self.workers, self._life = workers or default_workers(), life
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox")
        self._hands = ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox-hands")
        self._idle: queue.SimpleQueue[Hired | Future[Hired]] = queue.SimpleQueue()
        self._crew = Crew()
        # Runs when the pool is closed, forgotten, or the process exits, whichever comes first.
        self._finish = weakref.finalize(self, _finish, self._crew, self._threads, self._hands)

    @abstractmethod
    def require(self) -> None:
        """Raise MissingError if this machine lacks what is needed. Blocking, cheap if repeated."""

    @abstractmethod
    def hire(self, room: int) -> Worker:
        """Start a worker whose processes may use `room` bytes together.

        Raises:
            BrokenWorker: it does not start.
        """

    async def start(self) -> None:
        """See `Sandbox.start`."""
        await self._in_a_thread(self.require)

    async def run(
        self, program: Program, inputs: Sequence[Any], limits: Limits | None = None
    ) -> Execution:
        """See `Sandbox.run`."""
        given, bounds = list(inputs), limits or Limits()
        if not given:
            return Execution(())
        if too_long := _too_long(program, bounds):
            return Execution((too_long,) * len(given))
        return await self._on_a_worker(lambda worker: worker.run(program, given, bounds), bounds)

    async def check(
        self, program: Program, checker: str, limits: Limits | None = None
    ) -> Execution:
        """See `Sandbox.check`."""
        bounds = limits or Limits()
        if too_long := _too_long(program, bounds):
            return Execution((too_long,))
        return await self._on_a_worker(
            lambda worker: worker.check(program, checker, bounds), bounds
        )

    async def _on_a_worker(self, job: Callable[[Worker], Execution], limits: Limits) -> Execution:
        return await self._in_a_thread(partial(self._persist, job, _room(limits)))

    async def _in_a_thread(self, work: Callable[[], T]) -> T:
        if self._crew.inherited:  # without its threads, which a fork does not copy
            raise SandboxError("this sandbox is another process's: make one after the fork")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _persist(self, job: Callable[[Worker], Execution], room: int) -> Execution:
        killed = 0
        for attempt in range(ATTEMPTS):
            try:
                # After a failure, one that is new: those that wait may have died while they did.
                hired = self._hire(room) if attempt else self._take(room)
                return self._attempt(job, hired)
            except BrokenWorker as error:
                killed += isinstance(error, Killed)
                if isinstance(error, Killed) and killed == 2:
                    return error.execution  # twice in a row: it is the program
                if attempt + 1 == ATTEMPTS:
                    raise SandboxError(f"{ATTEMPTS} workers failed: {error}") from error
        raise AssertionError

    def _attempt(self, job: Callable[[Worker], Execution], hired: Hired) -> Execution:
        try:
            execution = job(hired.worker)
        except BrokenWorker:
            self._dismiss(hired)
            raise
        except BaseException:
            self._replace(hired)
            raise
        if hired.worker.processes < self._life:
            self._idle.put(hired)
        else:
            self._replace(hired)
        return execution

    def _take(self, room: int) -> Hired:
        try:
            idle = self._idle.get_nowait()
        except queue.Empty:
            self.require()
            return self._hire(room)
        hired = idle.result() if isinstance(idle, Future) else idle
        if hired.room >= room:
            return hired
        self._crew.dismiss(hired.worker)
        return self._hire(room)

    def _hire(self, room: int) -> Hired:
        self._crew.require_open()
        try:
            worker = self.hire(room)
        except OSError as error:  # no descriptor, process or memory is left
            raise BrokenWorker(f"no worker starts: {error.strerror}") from error
        self._crew.admit(worker)
        return Hired(worker, room)

    def _replace(self, hired: Hired) -> None:
        """End a worker and have another started, behind the back of whoever runs programs."""
        self._dismiss(hired)
        with suppress(RuntimeError):  # closed: nobody needs another
            self._idle.put(self._hands.submit(self._hire, hired.room))

    def _dismiss(self, hired: Hired) -> None:
        with suppress(RuntimeError):  # closed: so it has been ended
            self._hands.submit(self._crew.dismiss, hired.worker)

    def close(self) -> None:
        """See `Sandbox.close`."""
        self._finish()


def _too_long(program: Program, limits: Limits) -> Outcome | None:
    if len(program.code.encode("utf-8", "replace")) <= limits.code_bytes:
        return None
    return Outcome("syntax_error", error=f"more than {limits.code_bytes} bytes of code")


def _room(limits: Limits) -> int:
    """What a program, one that checks it, and what passes between them and the host may take."""
    words = limits.input_bytes + limits.output_bytes + limits.result_bytes
    return ALONE + 2 * limits.memory_bytes + 4 * words
