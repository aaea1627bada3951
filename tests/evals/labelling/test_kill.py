"""Labelling that is killed with SIGKILL twice, and what is left of it."""

import asyncio
import hashlib
import json
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.rollouts import STEPS, question, serving_chains
from tests.support.server import Body, Reply, Server, serving

QUESTIONS, SAMPLES, ROLLOUTS = 4, 4, 6
CONCURRENCY = 8
REQUESTS = QUESTIONS * SAMPLES * STEPS
pytestmark = pytest.mark.slow


def answer(body: Body, count: int) -> Reply:
    """After a while that depends on what is asked; a sample in eleven is cut off."""
    said = serving_chains(body, count)
    reply = json.loads(said.body)
    for i, choice in enumerate(reply["choices"]):
        if (body.get("seed", 1) + i) % 11 == 0:
            choice["finish_reason"] = "length"
    wait = random.Random(json.dumps(body)).uniform(0.02, 0.3)
    return replace(said, body=json.dumps(reply), wait=wait)


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    asked = [question(number) for number in range(QUESTIONS)]
    rows = [
        {"id": one.task.id, "question": one.task.question, "answer": one.key.answer}
        for one in asked
        if one.key
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def command(questions: Path, url: str, out: Path) -> list[str]:
    return [
        sys.executable, "-c", "from ponder.cli.app import main; main()", "label", "rollouts",
        str(questions), "--model", "hosted_vllm/x", "--api-base", url,
        "--concurrency", str(CONCURRENCY), "--samples", str(SAMPLES),
        "--rollouts", str(ROLLOUTS), "--out", str(out),
    ]  # fmt: skip


Draw = tuple[str, int]


def draws(bodies: Sequence[Body]) -> Counter[Draw]:
    """How often each sample was asked for, by what it goes on from and its seed."""
    asked = (body for body in bodies if "seed" in body)  # the others find out about the template
    return Counter(
        (digest(body["messages"]), body["seed"] + i)
        for body in asked
        for i in range(body.get("n", 1))
    )


def digest(messages: Any) -> str:
    return hashlib.sha256(json.dumps(messages).encode()).hexdigest()


def stored(out: Path) -> set[Draw]:
    """The samples that are kept."""
    found: set[Draw] = set()
    with closing(sqlite3.connect(out / "store.sqlite")) as db:
        for (text,) in db.execute("SELECT request FROM replies"):
            request = json.loads(text)
            begun = [{"role": "assistant", "content": request["prefix"]}] * bool(request["prefix"])
            found.add((digest([*request["messages"], *begun]), request["seed"]))
    return found


async def kill_after(arguments: list[str], server: Server, more: int) -> None:
    """Start it, and kill it once so many more requests have come."""
    count = len(server.bodies) + more
    process = await asyncio.create_subprocess_exec(*arguments, stdout=DEVNULL, stderr=DEVNULL)
    while process.returncode is None and len(server.bodies) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    await process.wait()


async def finish(arguments: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(*arguments, stdout=PIPE, stderr=PIPE)
    _, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()


def found(out: Path) -> list[Any]:
    """All rows, and all results but for how long they took and in how many requests."""
    rows = sorted((out / "labels.jsonl").read_text().splitlines())
    results = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    timed = ("seconds", "usage", "usage_by_kind")
    kept = [{key: one[key] for key in one if key not in timed} for one in results]
    return [rows, sorted(kept, key=lambda one: str(one["task"]))]


async def test_labelling_killed_twice_pays_for_nothing_twice_and_ends_the_same(
    questions: Path, tmp_path: Path
) -> None:
    kept: dict[Draw, int] = {}
    async with serving(answer) as server:
        killed = command(questions, server.url, tmp_path / "killed")
        for _ in range(2):
            # Some have been answered then, and some are on their way.
            await kill_after(killed, server, random.randrange(CONCURRENCY + 4, REQUESTS // 2))
            came = draws(server.bodies)
            for draw in stored(tmp_path / "killed"):
                kept.setdefault(draw, came[draw])
        await finish(killed)
        after = draws(server.bodies)
        server.bodies.clear()
        await finish(command(questions, server.url, tmp_path / "unkilled"))
        uncut = draws(server.bodies)

    assert kept
    assert {draw: after[draw] for draw in kept} == kept
    assert after.keys() == uncut.keys()
    assert set(uncut.values()) == {1}
    assert found(tmp_path / "killed") == found(tmp_path / "unkilled")
