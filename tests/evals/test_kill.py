"""`ponder eval` killed with SIGKILL, again and again, and what is left of it."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "benchmarks/latency_server.py"
CLI = [sys.executable, "-c", "from ponder.cli.app import main; main()"]
TASKS, SAMPLES, KILLS = 20, 4, 3
CONCURRENCY = 4


@contextmanager
def served(record: Path) -> Iterator[str]:
    """The address of a model that keeps a line of every reply."""
    command = [sys.executable, str(SERVER), "--median", "0.15", "--record", str(record)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


def begun(folder: Path, tasks: Path, url: str) -> "subprocess.Popen[str]":
    options = ["--graph", "repeated-sampling", "--samples", str(SAMPLES)]
    where = ["--model", "hosted_vllm/x", "--api-base", url, "--sandbox", "subprocess"]
    command = [*CLI, "eval", str(tasks), *options, *where, "--out", str(folder)]
    return subprocess.Popen(
        [*command, "--concurrency", str(CONCURRENCY)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def outcome(folder: Path) -> tuple[dict[str, Any], Counter[str]]:
    """The results by task, without what the clock says, and the samples; one line for each."""
    run = folder / "repeated-sampling@x"
    results = rows(run / "results.jsonl")
    assert len({one["task"] for one in results}) == len(results) == TASKS
    for one in results:
        del one["usage"]["seconds"]
    names = ("samples", "chosen", "solved", "missing", "usage", "stopped")
    kept = {one["task"]: [one[name] for name in names] for one in results}
    return kept, Counter(json.dumps(row, sort_keys=True) for row in rows(run / "samples.jsonl"))


@pytest.mark.slow
def test_an_evaluation_killed_three_times_pays_for_nothing_twice_and_ends_the_same(
    tmp_path: Path,
) -> None:
    tasks = tmp_path / "tasks.jsonl"
    test = {"input": [3], "expected": 3}
    task = {"entry_point": "solve", "public_tests": [test], "hidden_tests": [test]}
    tasks.write_text(
        "".join(
            json.dumps({"id": f"t{i}", "statement": f"Give back x; {i}.", **task}) + "\n"
            for i in range(TASKS)
        )
    )
    kills, draw = 0, random.Random()

    with served(tmp_path / "whole.jsonl") as url:
        whole = begun(tmp_path / "whole", tasks, url)
        whole.communicate(timeout=60)
        assert whole.returncode == 0
    with served(tmp_path / "killed.jsonl") as url:
        for _ in range(KILLS):
            before = len(rows(tmp_path / "killed.jsonl"))
            process = begun(tmp_path / "killed", tasks, url)
            until = before + draw.randint(3, TASKS * SAMPLES // KILLS - 6)
            while process.poll() is None and len(rows(tmp_path / "killed.jsonl")) < until:
                time.sleep(0.01)
            process.kill()
            process.communicate()
            kills += process.returncode == -9
        last = begun(tmp_path / "killed", tasks, url)
        said = last.communicate(timeout=60)[1]

    assert (last.returncode, kills) == (0, KILLS), said
    assert outcome(tmp_path / "killed") == outcome(tmp_path / "whole")
    answered = Counter(one["token"] for one in rows(tmp_path / "killed.jsonl"))
    assert len(answered) == TASKS * SAMPLES
    assert answered.total() - len(answered) <= KILLS * CONCURRENCY  # in flight when it was killed
