"""What is to be done on a cluster, and what has come of it."""

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from ...models import Store
from ..folder import STORE, RunFolder
from ..results import Result
from ..runner import Silence

SUSPECT = 2
"""Workers lost while they had a task, after which it gets a worker to itself: it may have been what
ended them, and no other task should be blamed for it, or lost with it once more."""
GUILTY = 3
"""Workers lost while they had a task, after which it is given up."""

Finished = Callable[[RunFolder, Result], None]


@dataclass(eq=False)
class Arm:
    """One column of a comparison: the folder that its results go to."""

    number: int
    """Its lane, with every worker."""
    folder: RunFolder

    def __post_init__(self) -> None:
        self.store = Store(self.folder.path / STORE)
        self.silence = Silence(self.folder.about.name)


@dataclass(eq=False)
class Job:
    """One task of one arm."""

    arm: Arm
    task: str
    """Its id."""
    loaded: Any
    """Ray's reference to the task and its key."""
    lost: int = 0
    """Workers lost while they had it."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once its result is in the folder."""


class Jobs:
    """What is to be done: read as there is somebody to do it, and given back when they are lost."""

    def __init__(self, arms: Collection[Arm], finished: Finished) -> None:
        self._most, self._finished = 2 * len(arms), finished
        self._waiting: list[Job] = []
        self._changed = asyncio.Event()
        self._left = 0
        """Jobs that have no result yet."""

    async def offer(self, job: Job) -> None:
        """Add one, once few are waiting."""
        while len(self._waiting) >= self._most:
            await self._change()
        self._left += 1
        self._put(job)

    async def wanted(self) -> list[int]:
        """The lanes that jobs are waiting for; waits until there is one."""
        while not self._waiting:
            await self._change()
        return list({job.arm.number for job in self._waiting})

    def take(self, lanes: Collection[int]) -> Job | None:
        """The first job for one of the lanes, those last that may end a worker; or None."""
        fitting = [job for job in self._waiting if job.arm.number in lanes]
        if not fitting:
            return None
        job = min(fitting, key=lambda job: job.lost >= SUSPECT)
        self._waiting.remove(job)
        self._changed.set()
        return job

    def give_back(self, job: Job, *, begun: bool, worker: str) -> None:
        """A worker that has been lost had this job: it goes to another one, unless too many have
        been lost with it."""
        if job.over.is_set():
            return
        job.lost += begun
        if job.lost < GUILTY:
            self._put(job)
            return
        error = f"{job.lost} workers were lost while they had it, the last one {worker}"
        self.end(job, Result(job.task, error=error, worker=worker))

    def end(self, job: Job, result: Result, samples: str = "[]") -> None:
        """Keep a result, once.

        Raises:
            ModelUnavailable: it is the last of too many in a row without an answer.
        """
        if job.over.is_set():
            return
        job.arm.folder.add(result, json.loads(samples))
        job.over.set()
        self._left -= 1
        self._changed.set()
        self._finished(job.arm.folder, result)
        job.arm.silence.hear(result)

    async def all_done(self) -> None:
        """Wait until every job that was offered has its result."""
        while self._left:
            await self._change()

    def _put(self, job: Job) -> None:
        # What was lost is older than what waits: it comes first.
        self._waiting.insert(0 if job.lost else len(self._waiting), job)
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


def result_of(said: str, worker: str) -> Result:
    """A worker's result, with its name."""
    return replace(Result.from_json(json.loads(said)), worker=worker)
