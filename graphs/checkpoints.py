"""Checkpointers that know our types."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from ..models.base import Usage
from ..nodes import Candidate, Solution
from ..tasks import CodeTask, Comparison, Limits, MathTask, Test
from ..verifiers.base import Verdict

STATE_TYPES = (CodeTask, MathTask, Test, Limits, Comparison, Solution, Candidate, Verdict, Usage)
"""Everything of ours that a graph's state may hold."""


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
