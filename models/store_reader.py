"""A store as a reader sees it: nothing is written, whoever else may be writing."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import StoreError
from .store import APPLICATION_ID, SCHEMA_VERSION

TASKS = """
CREATE TEMP TABLE asked AS SELECT rowid AS row, task FROM main.replies;
CREATE INDEX temp.asked_by_task ON asked (task);
"""
"""Which replies a task has: the store itself finds them by their key alone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was answered."""

    path: str
    """Its place in the search: a thought's id, or that with ~2, ~3, … for a further try."""
    model: str
    request: dict[str, Any]
    reply: dict[str, Any]


class StoreReader:
    """The rows of a store's file, task by task.

    Raises:
        StoreError: there is no such file, or it is no store, or of a newer ponder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = self._open()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _open(self) -> sqlite3.Connection:
        # A folder that cannot be written has no room for SQLite's shared memory: there the file
        # is read as one that nobody writes to.
        for how in ("mode=ro", "mode=ro&immutable=1"):
            db = sqlite3.connect(f"file:{quote(str(self.path))}?{how}", uri=True)
            try:
                self._check(db)
                db.executescript(TASKS)
            except sqlite3.OperationalError:
                db.close()
                if "immutable" in how:
                    raise
            else:
                return db
        raise AssertionError

    def _check(self, db: sqlite3.Connection) -> None:
        mark, version = (
            db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version")
        )
        if mark != APPLICATION_ID:
            raise StoreError(f"store {self.path}: not one of ponder's")
        if version > SCHEMA_VERSION:
            raise StoreError(f"store {self.path}: written by a newer ponder (schema {version})")

    def record(self, run: str, kind: str, id: str = "") -> Any | None:
        """As `Store.record`."""
        return next((value for known, value in self.records(run, kind) if known == id), None)

    def records(self, run: str, kind: str) -> Iterator[tuple[str, Any]]:
        """As `Store.records`."""
        sql = "SELECT id, value FROM records WHERE run = ? AND kind = ? ORDER BY rowid"
        for id, value in self._rows(sql, (run, kind)):
            yield id, json.loads(value)

    def asked(self, task: str) -> Iterator[Asked]:
        """The calls that were answered for a task, by whichever run, oldest first."""
        sql = (
            "SELECT path, model, request, reply FROM asked "
            "JOIN main.replies AS known ON known.rowid = asked.row "
            "WHERE asked.task = ? ORDER BY asked.row"
        )
        for path, model, request, reply in self._rows(sql, (task,)):
            yield Asked(path, model, json.loads(request), json.loads(reply))

    def close(self) -> None:
        """Let go of the file. Idempotent."""
        self._db.close()

    def _rows(self, sql: str, values: tuple[str, ...]) -> Iterator[Any]:
        try:
            with contextlib.closing(self._db.execute(sql, values)) as rows:
                yield from rows
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"store {self.path}: {error}")
