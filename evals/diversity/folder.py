"""The diversity of a run that has been done, from its folder: `diversity.jsonl` in it has a line
for each task and way of measuring. A task may have several: the last one stands."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from ...errors import (
    InputError,
    ModelUnavailable,
    PonderError,
    SandboxError,
    SearchStopped,
)
from ...models.store import Store, digest
from ...tasks import Task, load_dataset, task_from_json
from ..folder import SAMPLES, STORE, About, read_about, read_results
from ..formats import MISSING
from .record import TaskDiversity

DIVERSITY = "diversity.jsonl"
TOGETHER = 4
"""Tasks that are measured at once: each has hundreds of calls to make."""
MOST_FRUITLESS = 3
"""Tasks in a row whose every call failed, after which the judge is not asked further."""

Texts = dict[str, str]
"""Of the samples of a task, by id."""


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


def read_diversity(path: Path) -> list[TaskDiversity]:
    """What has been measured of a run. A line that was cut off is left out.

    Raises:
        InputError: a line is of a newer schema, or no record of diversity.
    """
    file = path / DIVERSITY
    rows: dict[tuple[str, str], TaskDiversity] = {}
    for number, line in enumerate(_lines(file), 1):
        data = _loaded(line)
        if data is not None:
            try:
                row = TaskDiversity.from_json(data)
            except ValueError as error:
                raise InputError(f"{file} line {number}: {error}") from None
            rows[row.how, row.task] = row
    return list(rows.values())


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
        tasks, room = _Tasks(self.about, self.store, runs), asyncio.Semaphore(TOGETHER)
        _end_last_line(self.path / DIVERSITY)
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

    async def _one(self, id: str, tasks: "_Tasks", texts: Texts, file: Any) -> None:
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
        silent = row.usage.calls > 0 and not row.usage.tokens
        self.fruitless = self.fruitless + 1 if silent else 0
        if silent:
            self.failed[row.task] = row.reason
        if self.fruitless >= MOST_FRUITLESS:
            raise ModelUnavailable(f"the judge answers nothing: {row.reason}")
        return silent


class _Tasks:
    """The tasks of a run: as its store has them, or else from the data set."""

    def __init__(self, about: About, store: Store, runs: Mapping[str, str]) -> None:
        self._about, self._store, self._runs = about, store, runs
        self._loaded: dict[str, Task] | None = None

    def get(self, id: str) -> Task:
        """The task of that id.

        Raises:
            InputError: the data set has none.
            MissingError: the data set has to be fetched, and the hub is not reached.
        """
        begun = self._store.record(self._runs[id], "run", "")
        if begun is not None:
            return task_from_json(begun["task"])
        if self._loaded is None:
            data = Path(self._about.data) if self._about.data else None
            rows = load_dataset(self._about.dataset, data)
            self._loaded = {loaded.task.id: loaded.task for loaded in rows}
        if id not in self._loaded:
            raise InputError(f"{self._about.dataset} has no task {id!r}, which the run has")
        return self._loaded[id]


def read_samples(path: Path) -> Iterator[tuple[str, Texts]]:
    """The texts of a run's samples, task by task. What is no sample's line is left out, and so are
    answers that never came.

    Raises:
        InputError: there are none.
    """
    if not (path / SAMPLES).exists():
        raise InputError(f"{path}: has no {SAMPLES}, so there is nothing to compare")
    rows = (row for line in _lines(path / SAMPLES) if (row := _loaded(line)) is not None)
    whole = (
        row
        for row in rows
        if {"task_id", "id", "solution"} <= row.keys() and not str(row["id"]).startswith(MISSING)
    )
    return (
        (task, {row["id"]: row["solution"] for row in some})
        for task, some in groupby(whole, lambda row: str(row["task_id"]))
    )


def _lines(file: Path) -> Iterator[bytes]:
    if file.exists():
        with file.open("rb") as lines:
            yield from lines


def _loaded(line: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _end_last_line(file: Path) -> None:
    """So that what a killed process had begun to write does not spoil the next line."""
    if file.exists() and file.stat().st_size:
        with file.open("rb+") as whole:
            whole.seek(-1, 2)
            if whole.read(1) != b"\n":
                whole.write(b"\n")
