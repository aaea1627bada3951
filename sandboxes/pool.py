"""A pool of workers behind the Sandbox protocol."""

import asyncio
import os
import queue
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..errors import SandboxError
from .base import Execution, Limits, Program
from .worker import BrokenWorker, Worker

ATTEMPTS = 3
"""Fresh workers that one program is given before its sandbox is said to have failed."""
LIFE = 2000
"""Programs after which a worker is replaced, so that nothing can build up in it."""


class Crew:
    """The workers of a pool that have not been ended."""

    def __init__(self) -> None:
        self._workers: set[Worker] = set()
        self._lock = threading.Lock()
        self._closed = False

    def admit(self, worker: Worker) -> None:
        """Take in a new worker.

        Raises:
            SandboxError: the pool is closed; the worker is ended.
        """
        with self._lock:
            if not self._closed:
                self._workers.add(worker)
                return
        worker.end()
        raise SandboxError("the sandbox is closed")

    def dismiss(self, worker: Worker) -> None:
        """End a worker."""
        with self._lock:
            self._workers.discard(worker)
        worker.end()

    def close(self) -> None:
        """End all of them, and every later one."""
        with self._lock:
            self._closed, workers = True, list(self._workers)
            self._workers.clear()
        for worker in workers:
            worker.end()


def _finish(crew: Crew, threads: ThreadPoolExecutor) -> None:
    crew.close()
    threads.shutdown(wait=False, cancel_futures=True)


class WorkerPool(ABC):
    """Runs each program on a free worker; starts and replaces workers as they are needed.

    One thread a worker, since talking to one blocks. Not tied to an event loop.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox")
        self._idle: queue.SimpleQueue[tuple[Worker, int]] = queue.SimpleQueue()
        self._crew = Crew()
        # Runs when the pool is closed, forgotten, or the process exits, whichever comes first.
        self._finish = weakref.finalize(self, _finish, self._crew, self._threads)

    @abstractmethod
    def check(self) -> None:
        """Raise MissingError if this machine lacks what is needed. Blocking, cheap if repeated."""

    @abstractmethod
    def hire(self) -> Worker:
        """Start a worker.

        Raises:
            BrokenWorker: it does not start.
        """

    async def start(self) -> None:
        """See `Sandbox.start`."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self.check)

    async def run(
        self, program: Program, inputs: Sequence[Any], limits: Limits | None = None
    ) -> Execution:
        """See `Sandbox.run`."""
        if not inputs:
            return Execution(())
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, self._run, program, list(inputs), limits or Limits()
        )

    def _run(self, program: Program, inputs: list[Any], limits: Limits) -> Execution:
        for attempt in range(ATTEMPTS):
            try:
                return self._attempt(program, inputs, limits)
            except BrokenWorker as error:
                if attempt + 1 == ATTEMPTS:
                    raise SandboxError(f"{ATTEMPTS} workers failed: {error}") from error
        raise AssertionError

    def _attempt(self, program: Program, inputs: list[Any], limits: Limits) -> Execution:
        worker, jobs = self._take()
        try:
            execution = worker.run(program, inputs, limits)
        except BaseException:
            self._crew.dismiss(worker)
            raise
        if jobs + 1 >= LIFE:
            self._crew.dismiss(worker)
        else:
            self._idle.put((worker, jobs + 1))
        return execution

    def _take(self) -> tuple[Worker, int]:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            self.check()
        worker = self.hire()
        self._crew.admit(worker)
        return worker, 0

    def close(self) -> None:
        """See `Sandbox.close`."""
        self._finish()
