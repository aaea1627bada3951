"""An evaluation killed with SIGKILL three times, and what is left of it."""

import hashlib
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GRAPHS = ("repeated-sampling", "idea-search")
TASKS, SAMPLES = 8, 8
CALLS = TASKS * (SAMPLES + 2 * SAMPLES)
pytestmark = pytest.mark.slow


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """The identity is right for all of them; what is public has a set in it, whose order is another
    in every process."""
    rows = [
        {
            "id": f"own/{number}",
            "statement": f"Return what is given ({number}).",
            "entry_point": "solve",
            "public_tests": ["assert solve({'a', 'b', 'c'}) == {'a', 'b', 'c'}"],
            "hidden_tests": [f"assert solve({number}) == {number}"],
        }
        for number in range(TASKS)
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


@pytest.fixture
def url(record: Path) -> Iterator[str]:
    """A model that answers the same request alike, and writes down what comes."""
    command = [sys.executable, str(ROOT / "benchmarks/latency_server.py"), "--arrivals"]
    with subprocess.Popen(
        [*command, "--median", "0.15", "--record", str(record)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        process.kill()


def command(tasks: Path, url: str, out: Path) -> list[str]:
    return [
        sys.executable, "-c", "from ponder.cli.app import main; main()", "eval", str(tasks),
        "--graph", ",".join(GRAPHS), "--samples", str(SAMPLES), "--model", "hosted_vllm/x",
        "--api-base", url, "--concurrency", "8", "--sandbox", "subprocess", "--out", str(out),
    ]  # fmt: skip


def arrivals(record: Path) -> Counter[str]:
    """How often each request came."""
    lines = record.read_text().splitlines()
    return Counter(line["token"] for line in map(json.loads, lines) if "came" in line)


def stored(out: Path) -> set[str]:
    """The requests whose replies are kept."""
    tokens: set[str] = set()
    for file in out.glob("*/store.sqlite"):
        with closing(sqlite3.connect(file)) as db:
            for (text,) in db.execute("SELECT request FROM replies"):
                request = json.loads(text)
                asked = json.dumps([request["messages"], request["seed"]])
                tokens.add(hashlib.sha256(asked.encode()).hexdigest()[:12])
    return tokens


def kill_after(arguments: list[str], record: Path, count: int) -> None:
    """Start it, and kill it once so many requests have come in all."""
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and arrivals(record).total() < count:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)


def found(out: Path) -> dict[str, Any]:
    """All results but for how long they took, and all samples."""
    everything: dict[str, Any] = {}
    for folder in sorted(out.iterdir()):
        results = map(json.loads, (folder / "results.jsonl").read_text().splitlines())
        for result in results:
            key = f"{folder.name} {result['task']}"
            assert key not in everything  # each task once
            kinds = result.pop("usage_by_kind")
            del result["seconds"], result["usage"]
            calls = {kind: usage["calls"] for kind, usage in kinds.items()}
            everything[key] = {**result, "calls": calls}
        everything[folder.name] = sorted((folder / "samples.jsonl").read_text().splitlines())
    return everything


def test_an_evaluation_killed_three_times_pays_for_nothing_twice_and_ends_the_same(
    tasks: Path, url: str, record: Path, tmp_path: Path
) -> None:
    record.touch()
    killed = command(tasks, url, tmp_path / "killed")
    kept: dict[str, int] = {}
    for point in sorted(random.sample(range(5, CALLS - 30), 3)):
        kill_after(killed, record, point)
        came = arrivals(record)
        for token in stored(tmp_path / "killed"):
            kept.setdefault(token, came[token])

    subprocess.run(killed, check=True, capture_output=True)
    after = arrivals(record)
    unkilled = command(tasks, url, tmp_path / "unkilled")
    subprocess.run(unkilled, check=True, capture_output=True)

    assert kept
    assert {token: after[token] for token in kept} == kept
    assert found(tmp_path / "killed") == found(tmp_path / "unkilled")
