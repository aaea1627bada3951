"""Many tasks in one process.

A task is begun as soon as its model has room for a call that nobody waits to make (pace.py). So
there is no barrier between tasks, nor between thinking, testing and grading; the first tasks are
finished while the last have not been begun; and memory does not grow with the number of tasks.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import InputError, ModelUnavailable, PonderError
from ..graphs import Graph
from ..nodes import Context
from ..tasks import LoadedTask
from .attempt import Attempted, Make, samples_of
from .folder import RunFolder
from .pace import Lane, Pace
from .results import Result

Loaded = LoadedTask[Any, Any]
MOST_UNANSWERED = 8
"""Tasks in a row that no model has answered, after which it is not asked further."""
COLLECT = (200_000, 20, 100)
"""New objects, and rounds, after which Python looks for garbage (`gc.set_threshold`)."""


@dataclass(eq=False)
class Arm:
    """One column of a comparison: a graph with its context, and the folder its results go to."""

    folder: RunFolder
    graph: Graph
    context: Context
    make: Make = samples_of
    """What is made of each search."""

    def __post_init__(self) -> None:
        self.lane = Lane(self.graph, self.context, self.make)
        self.silence = Silence(self.name)

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.about.name


@dataclass
class Silence:
    """How many tasks in a row have come to nothing."""

    name: str
    """Of what they were done by."""
    tasks: int = 0

    def hear(self, result: Result) -> None:
        """Count it.

        Raises:
            ModelUnavailable: it is the last of too many in a row without an answer.
        """
        self.tasks = self.tasks + 1 if result.error is not None else 0
        if self.tasks >= MOST_UNANSWERED:
            raise ModelUnavailable(
                f"the last {self.tasks} tasks of {self.name} came to nothing, the last with "
                f"{result.error}; the same command goes on from here"
            )


Finished = Callable[[Arm, Result], None]


async def evaluate(
    tasks: Iterable[Loaded],
    arms: Sequence[Arm],
    concurrency: int = 64,
    finished: Finished = lambda arm, result: None,
) -> None:
    """Have every arm do every task that its folder has no result of. `finished` is told of each
    result once it is in the folder. `tasks` is read as it is needed.

    Raises:
        InputError, MissingError, StoreError: as `attempt`; what is finished stays so.
        ModelUnavailable: no model has answered any of `MOST_UNANSWERED` tasks in a row.
    """
    pace = Pace([arm.lane for arm in arms], concurrency)
    seen: set[str] = set()
    try:
        with fewer_collections():
            async with asyncio.TaskGroup() as group:
                async for loaded in read(iter(tasks)):
                    refuse_twins(loaded, seen)
                    for arm in arms:
                        if not arm.folder.has(loaded):
                            await pace.room(arm.lane)
                            done = pace.attempt(arm.lane, loaded)
                            group.create_task(_work(arm, done, finished))
    except* PonderError as errors:
        raise first(errors) from None


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Python looks for garbage after every 700 new objects, and each time through more of what is
    in flight: with ten thousand candidates that is half of the processor's time."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECT)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def refuse_twins(loaded: Loaded, seen: set[str]) -> None:
    """See that no two tasks have the same id.

    Raises:
        InputError: this one's has been seen.
    """
    if loaded.task.id in seen:
        raise InputError(f"task {loaded.task.id}: there are two of that id")
    seen.add(loaded.task.id)


async def _work(arm: Arm, done: Awaitable[Attempted], finished: Finished) -> None:
    """One task, to its line in the folder."""
    result, samples = await done
    arm.folder.add(result, samples)
    finished(arm, result)
    arm.silence.hear(result)


async def read(tasks: Iterator[Loaded]) -> AsyncIterator[Loaded]:
    """Each task, read in a thread: a row can have a hundred megabytes of tests."""
    end = object()
    while (loaded := await asyncio.to_thread(next, tasks, end)) is not end:
        assert isinstance(loaded, LoadedTask)
        yield loaded


def first(errors: BaseExceptionGroup[Any]) -> BaseException:
    """One of the errors that a group of tasks ended with."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
