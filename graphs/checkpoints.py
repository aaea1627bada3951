"""Checkpointers that know our types."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from ..errors import InputError, MissingError, StoreError
from ..models.base import Usage
from ..nodes import Candidate, Solution
from ..tasks import CodeTask, Comparison, InstructionTask, Limits, MathTask, Test
from ..verifiers.base import Verdict

STATE_TYPES = (
    CodeTask, MathTask, InstructionTask, Test, Limits, Comparison,
    Solution, Candidate, Verdict, Usage,
)  # fmt: skip
"""Everything of ours that a graph's state may hold."""

POSTGRES = ("postgresql", "postgres")
SETTING_UP = 0x706F6E64
"""The advisory lock of whoever makes the tables."""
CONNECT = 10
"""Seconds for the database to answer."""
MOST = 8
"""To the database, at most."""


def serializer() -> JsonPlusSerializer:
    """A serialiser in which our state types are registered (strict msgpack refuses others)."""
    return JsonPlusSerializer(
        allowed_msgpack_modules=[(kind.__module__, kind.__qualname__) for kind in STATE_TYPES]
    )


@asynccontextmanager
async def sqlite_checkpointer(path: str | Path) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """An SQLite checkpointer, open for the length of the block.

    A checkpoint holds ids and verdicts; the texts are in the store. Resume with the store file that
    the run was started with.
    """
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    async with aiosqlite.connect(path) as connection:
        yield AsyncSqliteSaver(connection, serde=serializer())


def checkpointer(url: str | Path) -> AbstractAsyncContextManager[BaseCheckpointSaver[str]]:
    """The checkpointer at that URL: "postgresql://USER@HOST/DATABASE", "sqlite:///PATH", or the
    path of an SQLite file. Open for the length of the block, as `sqlite_checkpointer` is.

    Raises:
        InputError: it is no such URL.
        MissingError, StoreError: as `postgres_checkpointer`.
    """
    scheme, colon, rest = str(url).partition("://")
    if colon and scheme in POSTGRES:
        return postgres_checkpointer(str(url))
    if colon and scheme == "sqlite" and rest.startswith("/"):
        return sqlite_checkpointer(rest[1:])
    if colon:
        raise InputError(
            f"checkpoints {shown(str(url))}: not postgresql://…, sqlite:///PATH or a path"
        )
    return sqlite_checkpointer(url)


@asynccontextmanager
async def postgres_checkpointer(url: str) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """A PostgreSQL checkpointer, for runs on several machines; its tables are made where there are
    none. Open for the length of the block; a connection that breaks is made again.

    Resume with the store that the run was started with, as for `sqlite_checkpointer`.

    Raises:
        MissingError: psycopg is not installed.
        StoreError: the database cannot be reached, or not be used.
    """
    try:
        import psycopg
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
        from psycopg.rows import dict_row
        from psycopg_pool import AsyncConnectionPool
    except ImportError:
        raise MissingError("checkpoints in PostgreSQL need pip install 'ponder[cluster]'") from None

    how: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    try:
        # Asked once by itself, since the pool would not say what is wrong.
        async with await psycopg.AsyncConnection.connect(
            url, connect_timeout=CONNECT, **how
        ) as one:
            await _set_up(one, AsyncPostgresSaver(one, serde=serializer()))
    except psycopg.Error as error:
        line = str(error).strip().splitlines()[0]
        raise StoreError(f"checkpoints {shown(url)}: {line}") from None
    pool: Any = AsyncConnectionPool(url, min_size=1, max_size=MOST, kwargs=how, open=False)
    async with pool:
        yield AsyncPostgresSaver(pool, serde=serializer())


async def _set_up(connection: Any, saver: Any) -> None:
    """Make the tables; one process at a time, which LangGraph does not see to. The lock is asked
    for and not waited for: a statement that waits would hold up the indexes that are made."""
    ask = "SELECT pg_try_advisory_lock(%s) AS had"
    had = False
    while not had:
        had = (await (await connection.execute(ask, (SETTING_UP,))).fetchone())["had"]
        await asyncio.sleep(0 if had else 0.1)
    await saver.setup()  # the lock goes with the connection


def shown(url: str) -> str:
    """The URL without what is secret in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
