"""What is read of a run's folder to measure its diversity, and `diversity.jsonl`: a line for each
task and way of measuring. A task may have several: the last one stands."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...models.store import Store
from ...tasks import Task, load_dataset, task_from_json
from ..folder import SAMPLES, About
from ..formats import MISSING
from .record import TaskDiversity

DIVERSITY = "diversity.jsonl"
Texts = dict[str, str]
"""Of the samples of a task, by id."""


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


class Tasks:
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


def end_last_line(file: Path) -> None:
    """So that what a killed process had begun to write does not spoil the next line."""
    if file.exists() and file.stat().st_size:
        with file.open("rb+") as whole:
            whole.seek(-1, 2)
            if whole.read(1) != b"\n":
                whole.write(b"\n")
