"""The diversity of a run that has been done, task by task; what is done is not done again."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ...errors import ModelUnavailable, PonderError, SandboxError, SearchStopped
from ...models.store import Store, digest
from ...tasks import Task
from ..folder import STORE, About, read_about, read_results
from .files import DIVERSITY, Tasks, Texts, end_last_line, read_diversity, read_samples
from .record import TaskDiversity

TOGETHER = 4
"""Tasks that are measured at once: each has hundreds of calls to make."""
MOST_FRUITLESS = 3
"""Tasks in a row whose every call failed, after which the judge is not asked further."""


class Measure(Protocol):
    """A way to tell how different a task's samples are."""

    @property
    def how(self) -> str:
        """Its name and settings: what has been measured so is not measured again."""

    async def begin(self, run: str, store: Store) -> "Measure":
        """Make ready to measure that run, whose store this is.

        Raises:
            InputError, MissingError: it cannot be.
        """

    async def measure(self, task: Task, texts: Mapping[str, str]) -> TaskDiversity:
        """Compare the samples of a task, given by their ids.

        Raises:
            SearchStopped: a budget is spent.
            SandboxError: nothing can be said of this task, now.
        """


@dataclass(frozen=True)
class Measured:
    """What came of measuring a run."""

    rows: list[TaskDiversity]
    """Of all tasks that have been measured so, at whatever time."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Tasks that could not be measured, and why: they are tried again another time."""
    stopped: str | None = None
    """Why not all tasks were measured, where a budget was spent."""


async def measure_run(
    path: Path, how: Measure, told: Callable[[TaskDiversity], None] = lambda row: None
) -> Measured:
    """Measure each task of a run that has a result, unless it has been, and write it down at once.
    `told` is told of each.

    Raises:
        InputError: it is no run's folder, or lacks samples, or a task's text.
        MissingError: this machine lacks what measuring takes.
        ModelUnavailable: the judge answers nothing.
        StoreError: a reply could not be kept.
    """
    about = read_about(path)
    store = Store(path / STORE)
    try:
        run = digest([about.dataset, dict(about.spec.identity)])
        return await _Measuring(path, about, store, await how.begin(run, store), told).all()
    finally:
        store.close()


@dataclass
class _Measuring:
    """What is under way."""

    path: Path
    about: About
    store: Store
    how: Measure
    told: Callable[[TaskDiversity], None]
    rows: dict[str, TaskDiversity] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    error: PonderError | None = None
    fruitless: int = 0

    async def all(self) -> Measured:
        self.rows = {row.task: row for row in read_diversity(self.path) if row.how == self.how.how}
        # What the judge gave no answer on is asked again: the answers it gave are in the store.
        done = {row.task for row in self.rows.values() if not row.unjudged}
        runs = {one.task: one.run for one in read_results(self.path) if one.error is None}
        samples = read_samples(self.path)
        tasks, room = Tasks(self.about, self.store, runs), asyncio.Semaphore(TOGETHER)
        end_last_line(self.path / DIVERSITY)
        with (self.path / DIVERSITY).open("a") as file:
            async with asyncio.TaskGroup() as group:
                for id, texts in samples:
                    if id in done or id not in runs:
                        continue
                    await room.acquire()
                    if self.error is not None or self.stopped is not None:
                        break
                    work = group.create_task(self._one(id, tasks, texts, file))
                    work.add_done_callback(lambda _: room.release())
        if self.error is not None:
            raise self.error
        return Measured(list(self.rows.values()), self.failed, self.stopped)

    async def _one(self, id: str, tasks: Tasks, texts: Texts, file: Any) -> None:
        try:
            row = await self.how.measure(tasks.get(id), texts)
            if self._is_silent(row):
                return
        except SearchStopped as stopped:
            self.stopped = str(stopped)
        except SandboxError as error:
            self.failed[id] = str(error)
        except PonderError as error:
            self.error = self.error or error
        else:
            file.write(json.dumps(row.to_json()) + "\n")
            file.flush()
            self.rows[id] = row
            self.told(row)

    def _is_silent(self, row: TaskDiversity) -> bool:
        """Whether none of its calls was answered.

        Raises:
            ModelUnavailable: as for the tasks before it.
        """
        silent = row.usage.calls > 0 and not row.usage.tokens and not row.samples
        self.fruitless = self.fruitless + 1 if silent else 0
        if silent:
            self.failed[row.task] = row.reason
        if self.fruitless >= MOST_FRUITLESS:
            raise ModelUnavailable(f"the judge answers nothing: {row.reason}")
        return silent
