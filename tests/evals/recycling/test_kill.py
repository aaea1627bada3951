"""Recycling that is killed with SIGKILL twice, and what is left of it."""

import asyncio
import json
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ponder.cli.app import main
from tests.evals.labelling.test_kill import digest, kill_after
from tests.support.recycling import matched, rows, slowly, written
from tests.support.server import Body, Reply, serving
from tests.verifiers.ifd.official import saved

CONCURRENCY = 4
TABLE = [*rows(14), *rows(2)]
"""Two of the pairs are there twice."""
pytestmark = pytest.mark.slow

Request = tuple[str, int]


def answer(body: Body, count: int) -> Reply:
    """In a seventh of cases cut off."""
    said = slowly(body, count)
    if int(digest(body["messages"])[:8], 16) % 7:
        return said
    return replace(said, body=said.body.replace('"stop"', '"length"'))


def arguments(data: Path, url: str, student: str, out: Path) -> list[str]:
    return [
        "recycle", str(data), "--teacher", "hosted_vllm/x", "--api-base", url,
        "--student", student, "--concurrency", str(CONCURRENCY), "--out", str(out),
        "-o", "filter=no",
    ]  # fmt: skip


async def finish(asked: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        await asyncio.to_thread(main, asked)
    assert end.value.code == 0


def requests(bodies: Sequence[Body]) -> Counter[Request]:
    return Counter((digest(body["messages"]), body["seed"]) for body in bodies)


def stored(out: Path) -> set[Request]:
    """The requests whose replies are kept."""
    with closing(sqlite3.connect(out / "store.sqlite")) as db:
        kept = [json.loads(text) for (text,) in db.execute("SELECT request FROM replies")]
    return {(digest(one["messages"]), one["seed"]) for one in kept}


def found(out: Path) -> Any:
    every = [json.loads(line) for line in (out / "recycled.jsonl").read_text().splitlines()]
    for row in every:  # losses are rounded as the batch has it
        row["ifd"], row["rifd"] = (one and round(one, 4) for one in (row["ifd"], row["rifd"]))
        row["pairs"] = {
            id: {key: one[key] for key in one if "ifd" not in key}
            for id, one in row["pairs"].items()
        }
    return sorted(every, key=lambda row: str(row["id"])), (out / "data.jsonl").read_text()


async def test_recycling_killed_twice_pays_for_nothing_twice_and_ends_the_same(
    tmp_path: Path,
) -> None:
    data, student = written(tmp_path / "d.jsonl", TABLE), saved(tmp_path / "student")
    out, kept = tmp_path / "killed", dict[Request, int]()
    async with serving(answer) as server:
        asked = arguments(data, server.url, student, out)
        command = [sys.executable, "-c", "from ponder.cli.app import main; main()", *asked]
        for _ in range(2):
            await kill_after(command, server, random.randrange(CONCURRENCY + 2, len(TABLE)))
            came = requests(server.bodies)
            for one in stored(out):
                kept.setdefault(one, came[one])
        await finish(asked)
        after = requests(server.bodies)
        server.bodies.clear()
        await finish(arguments(data, server.url, student, tmp_path / "unkilled"))
        uncut = requests(server.bodies)

    every, _ = found(out)
    assert kept
    assert {one: after[one] for one in kept} == kept
    assert after.keys() == uncut.keys()
    # What was on its way when it was killed has been answered to nobody.
    assert after.total() - uncut.total() <= 2 * CONCURRENCY
    assert set(uncut.values()) == {1}
    assert found(out) == found(tmp_path / "unkilled")
    assert len(every) == len(TABLE)
    assert all(matched(row, TABLE) for row in every)
    assert any("truncated" in json.dumps(row) for row in every)
