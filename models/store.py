"""The store: every reply, appended to one SQLite file, so that nothing is paid for twice.

Two tables. `replies` holds answers by the hash of everything that was asked (task, path, model,
messages, parameters), whichever run asked it. `records` holds what one run decided, by run, kind
and id: thoughts, verdicts, calls that ended without an answer, claims, the final word. Replies and
decisions are append-only and the first writer wins, so two processes may share a file.

Under a running event loop, what is written in one turn of the loop is committed at its end, in one
transaction: a reply is safe within a millisecond or two of its arrival. WAL with synchronous=NORMAL
survives a killed process whole; only a power cut can lose the last few rows, never the file.
"""

import asyncio
import contextlib
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import StoreError

APPLICATION_ID = 0x706F6E64  # "pond"
SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, task TEXT NOT NULL, path TEXT NOT NULL, model TEXT NOT NULL,
    request TEXT NOT NULL, reply TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS records (
    run TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run, kind, id)
);
"""
BY_TASK = """
CREATE INDEX IF NOT EXISTS replies_by_task ON replies (task);
CREATE INDEX IF NOT EXISTS runs_by_task ON records (json_extract(value, '$.task.id'))
    WHERE kind = 'run';
"""
RUNS = "SELECT run FROM records WHERE kind = 'run' AND json_extract(value, '$.task.id') = ?"
PUT_REPLY = "INSERT INTO replies VALUES (?,?,?,?,?,?,?) ON CONFLICT (key) DO NOTHING RETURNING key"
PUT_RECORD = (
    "INSERT INTO records VALUES (?,?,?,?) ON CONFLICT (run, kind, id) DO NOTHING RETURNING id"
)
PUT_LATEST = "INSERT OR REPLACE INTO records VALUES (?,?,?,?) RETURNING id"

REPLY_COLUMNS = 7

Row = tuple[Any, ...]
"""A row that travels from one store to another, as it is in its table: a reply has seven values, a
record four."""


def digest(value: Any) -> str:
    """SHA-256 of a JSON-able value, canonical whatever order its keys were written in."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Store:
    """An append-only SQLite file, or memory when `path` is None (then nothing outlives it).

    Safe to use from several threads and processes.

    Raises:
        StoreError: the file cannot be opened or written, or is not a ponder store.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._lock = threading.RLock()
        self.told: Callable[[Row], None] | None = None
        """Is given every row that is written here (not what `add` brings from another store)."""
        self._failed: StoreError | None = None
        """A commit that failed after its writer had gone on: the next call raises it."""
        try:
            self._db = self._open()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"store {self.path}: {_plain(error)}") from error

    def _open(self) -> sqlite3.Connection:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(
            self.path or ":memory:", isolation_level=None, check_same_thread=False, timeout=30.0
        )
        mark, version = (
            db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version")
        )
        used = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if used and mark != APPLICATION_ID:
            raise StoreError(f"store {self.path}: an SQLite file, but not one of ponder's")
        if version > SCHEMA_VERSION:
            raise StoreError(f"store {self.path}: written by a newer ponder (schema {version})")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        db.executescript(SCHEMA)
        return db

    def reply(self, key: str) -> Any | None:
        """The stored reply to a request, or None."""
        rows = self._run("SELECT reply FROM replies WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else None

    def put_reply(
        self, key: str, *, task: str, path: str, model: str, request: Any, reply: Any
    ) -> Any:
        """Append an answer, and return the one that stands: this one, or an earlier writer's. Only
        answers: never an error, a refusal or a truncated reply."""
        written = self._put(
            PUT_REPLY,
            (key, task, path, model, _dump(request), _dump(reply), time.time()),
        )
        return reply if written else self.reply(key)

    def record(self, run: str, kind: str, id: str) -> Any | None:
        """What `run` recorded under that kind and id, or None."""
        rows = self._run(
            "SELECT value FROM records WHERE run = ? AND kind = ? AND id = ?", (run, kind, id)
        )
        return json.loads(rows[0][0]) if rows else None

    def put_record(self, run: str, kind: str, id: str, value: Any) -> Any:
        """Append a record and return the one that stands: this one, or an earlier writer's."""
        written = self._put(PUT_RECORD, (run, kind, id, _dump(value)))
        return value if written else self.record(run, kind, id)

    def put_latest(self, run: str, kind: str, id: str, value: Any) -> None:
        """Like `put_record`, for what a run started again may know better: the last writer wins."""
        self._put(PUT_LATEST, (run, kind, id, _dump(value)))

    def records(self, run: str, kind: str) -> Iterator[tuple[str, Any]]:
        """All (id, value) of one kind in the order they were written."""
        rows = self._run(
            "SELECT id, value FROM records WHERE run = ? AND kind = ? ORDER BY rowid", (run, kind)
        )
        for id, value in rows:
            yield id, json.loads(value)

    def rows_of(self, task: str) -> list[Row]:
        """All that is kept of a task, in the order it was written: its replies, then the records of
        its runs."""
        with self._lock:
            self._index_by_task()
            replies = self._run("SELECT * FROM replies WHERE task = ? ORDER BY rowid", (task,))
            found = f"SELECT * FROM records WHERE run IN ({RUNS}) ORDER BY rowid"  # noqa: S608
            return replies + self._run(found, (task,))

    def add(self, rows: Iterable[Row]) -> None:
        """Take in what another store has written since it last agreed with this one, in that order:
        of replies the first stands, of records the last. Committed when it returns, unless a turn
        of the loop has begun to write."""
        with self._lock:
            alone = not self._db.in_transaction
            if alone:
                self._run("BEGIN IMMEDIATE", ())
            for row in rows:
                self._run(PUT_REPLY if len(row) == REPLY_COLUMNS else PUT_LATEST, tuple(row))
            if alone:
                self._run("COMMIT", ())

    def forget(self, task: str) -> None:
        """Delete all that is kept of a task: where it has been taken over by another store."""
        with self._lock:
            self._index_by_task()
            self._run("DELETE FROM replies WHERE task = ?", (task,))
            self._run(f"DELETE FROM records WHERE run IN ({RUNS})", (task,))  # noqa: S608

    def _index_by_task(self) -> None:
        """Only whoever asks by task pays for the indexes."""
        for statement in filter(str.strip, BY_TASK.split(";")):
            self._run(statement, ())

    def close(self) -> None:
        """Commit and close the file. Idempotent."""
        with self._lock, contextlib.suppress(sqlite3.ProgrammingError):
            self._commit()
            self._db.close()

    def _put(self, sql: str, row: Row) -> list[Any]:
        written = self._write(sql, row)
        if written and self.told is not None:
            self.told(row)
        return written

    def _write(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            if self._db.in_transaction:
                return self._run(sql, values)
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return self._run(sql, values)  # committed at once
            self._run("BEGIN IMMEDIATE", ())
            loop.call_soon(self._commit)
            return self._run(sql, values)

    def _commit(self) -> None:
        with self._lock:
            try:
                if self._db.in_transaction:
                    self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._failed = StoreError(f"store {self.path}: {_plain(error)}")

    def _run(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        if self._failed is not None:
            raise self._failed
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"store {self.path or 'in memory'}: {_plain(error)}") from error


def _dump(value: Any) -> str:
    # ASCII-only output carries lone surrogates of a model's reply through UTF-8 columns.
    return json.dumps(value, separators=(",", ":"))


def _plain(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
