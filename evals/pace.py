"""As many tasks at once as keep the models busy, and no more: in this process, or in a worker's."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError, MissingError, StoreError
from ..graphs import Graph
from ..models.base import Bounded
from ..nodes import Context
from ..tasks import LoadedTask
from .attempt import Attempted, Make, attempt, samples_of
from .results import Result

LOOK = 0.01
"""Seconds between two looks at whether there is room."""


@dataclass(eq=False)
class Lane:
    """What tasks are put through: a graph with its context."""

    graph: Graph
    context: Context
    make: Make = samples_of
    """What is made of each search."""

    @property
    def model(self) -> str:
        """Who answers."""
        return self.context.role("model").name

    def most(self, concurrency: int) -> int:
        """Calls that its model works on at once."""
        model = self.context.role("model")
        return min(concurrency, model.most_in_flight) if isinstance(model, Bounded) else concurrency


@dataclass
class Pace:
    """What is under way in the lanes of one process."""

    lanes: Sequence[Lane]
    concurrency: int
    active: dict[str, int] = field(default_factory=dict)
    """By model, tasks that are thought about or graded."""

    async def room(self, lane: Lane) -> None:
        """Wait until the lane's model has room for another task."""
        await until(lambda: self.has_room(lane))

    def has_room(self, lane: Lane) -> bool:
        """Whether the lane's model has room for another task."""
        model, most = lane.model, lane.most(self.concurrency)
        runs = [run for one in self.lanes if one.model == model for run in one.context.runs()]
        active = self.active.get(model, 0)
        if active > sum(run.calls.made > 0 for run in runs):
            return False  # how many calls the last one begun will make is not known yet
        calls = sum(len(run.calls.in_flight) for run in runs)
        # Grading is work too: what has not been graded cannot be left to pile up.
        return calls < most and active < 2 * most + 2

    def attempt(self, lane: Lane, loaded: LoadedTask[Any, Any]) -> Awaitable[Attempted]:
        """Begin one task, which takes up room from now on: from its first thought to its grades.
        What goes wrong with it alone is its result's `error`.

        Raises:
            InputError, MissingError, StoreError: as `attempt`.
        """
        self._count(lane, 1)
        return self._attempt(lane, loaded)

    async def _attempt(self, lane: Lane, loaded: LoadedTask[Any, Any]) -> Attempted:
        try:
            return await attempt(loaded, lane.graph, lane.context, lane.make)
        except (InputError, MissingError, StoreError):
            raise
        except Exception as error:  # noqa: BLE001  one task's fault costs no other its result
            line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            return Result(loaded.task.id, error=line), []
        finally:
            self._count(lane, -1)

    def _count(self, lane: Lane, more: int) -> None:
        self.active[lane.model] = self.active.get(lane.model, 0) + more


async def until(so: Callable[[], bool]) -> None:
    """Wait until it is so, where that is no one event."""
    while not so():  # noqa: ASYNC110
        await asyncio.sleep(LOOK)
