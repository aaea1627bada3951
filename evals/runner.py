"""Many tasks in one process: as many at once as keep the models busy, and no more.

A task is begun as soon as its model has room for a call that nobody waits to make. So there is no
barrier between tasks, nor between thinking, testing and grading; the first tasks are finished while
the last have not been begun; and memory does not grow with the number of tasks.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError, MissingError, ModelUnavailable, PonderError, StoreError
from ..graphs import Graph
from ..models.base import Bounded
from ..nodes import Context
from ..tasks import LoadedTask
from .attempt import attempt
from .folder import RunFolder
from .results import Result

Loaded = LoadedTask[Any, Any]
MOST_UNANSWERED = 8
"""Tasks in a row that no model has answered, after which it is not asked further."""
COLLECT = (100_000, 10, 50)
"""New objects, and rounds, after which Python looks for garbage (`gc.set_threshold`)."""
LOOK = 0.01
"""Seconds between two looks at whether there is room."""


@dataclass(eq=False)
class Arm:
    """One column of a comparison: a graph with its context, and the folder its results go to."""

    folder: RunFolder
    graph: Graph
    context: Context
    unanswered: int = 0
    """Tasks in a row that no model has answered."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.about.name

    @property
    def model(self) -> str:
        """Who answers."""
        return self.context.role("model").name

    def most(self, concurrency: int) -> int:
        """Calls that its model works on at once."""
        model = self.context.role("model")
        return min(concurrency, model.most_in_flight) if isinstance(model, Bounded) else concurrency


Finished = Callable[[Arm, Result], None]


async def evaluate(
    tasks: Iterable[Loaded], arms: Sequence[Arm], concurrency: int, finished: Finished
) -> None:
    """Have every arm do every task that its folder has no result of. `finished` is told of each
    result once it is in the folder. `tasks` is read as it is needed.

    Raises:
        InputError, MissingError, StoreError: as `attempt`; what is finished stays so.
        ModelUnavailable: no model has answered any of `MOST_UNANSWERED` tasks in a row.
    """
    runner = _Runner(arms, concurrency, finished)
    with _fewer_collections():
        await _evaluate(runner, tasks)


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Python looks for garbage after every 700 new objects, and each time through more of what is
    in flight: with ten thousand candidates that is half of the processor's time."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECT)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _evaluate(runner: "_Runner", tasks: Iterable[Loaded]) -> None:
    seen: set[str] = set()
    try:
        async with asyncio.TaskGroup() as group:
            async for loaded in read(iter(tasks)):
                if loaded.task.id in seen:
                    raise InputError(f"task {loaded.task.id}: there are two of that id")
                seen.add(loaded.task.id)
                for arm in runner.arms:
                    if loaded.task.id not in arm.folder.done:
                        await runner.room(arm)
                        runner.active[arm.model] = runner.active.get(arm.model, 0) + 1
                        group.create_task(runner.work(arm, loaded))
    except* PonderError as errors:
        raise first(errors) from None


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


@dataclass
class _Runner:
    """What is under way."""

    arms: Sequence[Arm]
    concurrency: int
    finished: Finished
    active: dict[str, int] = field(default_factory=dict)
    """By model, tasks that are thought about or graded."""

    async def room(self, arm: Arm) -> None:
        """Wait until the arm's model has room for another task."""
        while not self._has_room(arm):  # noqa: ASYNC110  what it looks at is no one event
            await asyncio.sleep(LOOK)

    def _has_room(self, arm: Arm) -> bool:
        model, most = arm.model, arm.most(self.concurrency)
        runs = [run for one in self.arms if one.model == model for run in one.context.runs()]
        active = self.active.get(model, 0)
        if active > sum(run.calls.made > 0 for run in runs):
            return False  # how many calls the last one begun will make is not known yet
        calls = sum(len(run.calls.in_flight) for run in runs)
        # Grading is work too: what has not been graded cannot be left to pile up.
        return calls < most and active < 2 * most + 2

    async def work(self, arm: Arm, loaded: Loaded) -> None:
        """One task, from its first thought to its line in the folder."""
        try:
            try:
                result, samples = await attempt(loaded, arm.graph, arm.context)
            except (InputError, MissingError, StoreError):
                raise
            except Exception as error:  # noqa: BLE001  one task's fault costs no other its result
                line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
                result, samples = Result(loaded.task.id, error=line), []
            arm.folder.add(result, samples)
            self.finished(arm, result)
            self._give_up_on_silence(arm, result)
        finally:
            self.active[arm.model] -= 1

    @staticmethod
    def _give_up_on_silence(arm: Arm, result: Result) -> None:
        arm.unanswered = arm.unanswered + 1 if result.error is not None else 0
        if arm.unanswered >= MOST_UNANSWERED:
            raise ModelUnavailable(
                f"the last {arm.unanswered} tasks of {arm.name} came to nothing, the last with "
                f"{result.error}; the same command goes on from here"
            )
