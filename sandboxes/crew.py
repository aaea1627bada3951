"""The workers of a pool, and what becomes of them when this process forks or exits."""

import os
import threading
import weakref

from ..errors import SandboxError
from .worker import Worker


class Crew:
    """The workers of a pool that have not been ended."""

    def __init__(self) -> None:
        self._workers: set[Worker] = set()
        self._lock = threading.Lock()
        self._closed = False
        self.inherited = False
        """Whether it is another process's, of which this one is a fork."""
        CREWS.add(self)

    def require_open(self) -> None:
        """Raise SandboxError if the pool is closed."""
        if self._closed:
            raise SandboxError("the sandbox is closed")

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
        self.require_open()

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

    def disown(self) -> None:
        """Let go of the workers, which are another process's: they end with that one."""
        self.inherited = self._closed = True
        for worker in self._workers:
            worker.let_go()
        self._workers, self._lock = set(), threading.Lock()  # a thread may have held it


CREWS: weakref.WeakSet[Crew] = weakref.WeakSet()


def _disown_all() -> None:
    for crew in list(CREWS):
        crew.disown()


def _close_all() -> None:
    for crew in list(CREWS):
        crew.close()


# A child that kept its copies of the pipes would keep the workers of a parent that is gone.
os.register_at_fork(after_in_child=_disown_all)
# The interpreter waits for threads before `atexit` has its turn, and a pool's threads wait for
# programs that may have a long time left. As concurrent.futures does it; there is no public way.
threading._register_atexit(_close_all)  # type: ignore[attr-defined]
