"""Recycling that is killed with SIGKILL twice, and what is left of it."""

import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.evals.labelling.test_kill import finish, kill_after
from tests.support.recycling import matched, rows, slowly, written
from tests.support.server import Body, serving
from tests.verifiers.ifd.official import saved

PAIRS, CONCURRENCY = 16, 4
pytestmark = pytest.mark.slow


def command(data: Path, url: str, student: str, out: Path) -> list[str]:
    return [
        sys.executable, "-c", "from ponder.cli.app import main; main()", "recycle", str(data),
        "--teacher", "hosted_vllm/x", "--api-base", url, "--student", student,
        "--concurrency", str(CONCURRENCY), "--out", str(out), "-o", "filter=no",
    ]  # fmt: skip


def requests(bodies: Sequence[Body]) -> Counter[str]:
    return Counter(json.dumps([body["messages"], body.get("temperature")]) for body in bodies)


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
    data, student = written(tmp_path / "d.jsonl", rows(PAIRS)), saved(tmp_path / "student")
    async with serving(slowly) as server:
        killed = command(data, server.url, student, tmp_path / "killed")
        for _ in range(2):
            await kill_after(killed, server, random.randrange(CONCURRENCY + 1, PAIRS))
        await finish(killed)
        after = requests(server.bodies)
        server.bodies.clear()
        await finish(command(data, server.url, student, tmp_path / "unkilled"))
        uncut = requests(server.bodies)

    every, _ = found(tmp_path / "killed")
    assert after.keys() == uncut.keys()
    # What was on its way when it was killed has been answered to nobody.
    assert after.total() - uncut.total() <= 2 * CONCURRENCY
    assert set(uncut.values()) == {1}
    assert found(tmp_path / "killed") == found(tmp_path / "unkilled")
    assert len(every) == PAIRS
    assert all(matched(row, rows(PAIRS)) for row in every)
