"""Kill a search with SIGKILL at random points, start it again each time, and see what it costs.

    python benchmarks/kill_and_resume.py

The same `ponder solve --store` command runs against a local server until it has been killed as
often as `--kills` says and then has come to its end. Last line: JSON with

    answered_twice       requests sent again though their reply was in the store when a kill came: 0
    most_lost            replies lost by one kill, at most those that were in flight
    same_as_unkilled     whether the solution is the one of a search that was never killed
    same_when_replayed   whether it comes out again, whole, with no server at all
"""

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

IN_FLIGHT = 64
GRAPHS = ("plan-search", "refine", "compute-optimal")
TASK = """
statement: Return the number itself.
entry_point: solve
public_tests: [assert solve(1) == 1, assert solve(-2) == {last}]
"""
CHAINS, DEPTH = 16, 8
PROBE, BUDGET = 8, 128
POLICY = {
    "schema": 1,
    "difficulty": {
        "by": "predicted",
        "thresholds": [],
        "sampling": {"strategy": "best-of-n", "profile": "fast", "options": {}},
    },
    "budgets": [
        {
            "budget": BUDGET,
            "overall": {
                "strategy": f"revisions-{DEPTH}",
                "profile": "fast",
                "options": {"enough": None},
            },
            "bins": [],
        }
    ],
}


def search(graph: str, layers: int, folder: Path) -> tuple[list[str], str, int]:
    """The options of a search, its task, and how many calls it makes."""
    if graph == "compute-optimal":
        (folder / "policy.json").write_text(json.dumps(POLICY))
        options = ["--graph", graph, "-o", f"policy={folder / 'policy.json'}"]
        options += ["-o", f"budget={BUDGET}", "-o", f"probe={PROBE}"]
        return options, TASK.format(last=2), BUDGET
    if graph == "refine":  # on a task that cannot be solved, so that every chain goes to its end
        options = ["--graph", "refine", "-o", f"chains={CHAINS}", "-o", f"depth={DEPTH}"]
        return options, TASK.format(last=2), CHAINS * DEPTH
    return ["-o", f"layers={layers}"], TASK.format(last=-2), {1: 116, 2: 1300}[layers]


@contextmanager
def server(record: Path, median: float) -> Iterator[str]:
    """The latency server; yields its address."""
    script = Path(__file__).with_name("latency_server.py")
    command = [sys.executable, str(script), "--median", str(median), "--record", str(record)]
    with subprocess.Popen(
        [*command, "--arrivals"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


def command(folder: Path, url: str, store: str, options: list[str]) -> list[str]:
    """One whole search, as a user starts it."""
    return [
        sys.executable, "-c", "from ponder.cli.app import main; main()", "solve",
        str(folder / "task.yaml"), "--profile", "paper", *options,
        "--model", "hosted_vllm/x", "--api-base", url, "--concurrency", str(IN_FLIGHT),
        "--attempts", "1", "--sandbox", "subprocess", "--store", str(folder / store), "--json",
    ]  # fmt: skip


def finish(arguments: list[str]) -> dict[str, Any]:
    """The solution of a search that is left alone."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if not done.stdout:
        sys.exit(f"the search failed: {done.stderr[-500:]}")
    solution: dict[str, Any] = json.loads(done.stdout)
    return solution


def arrivals(record: Path) -> Counter[str]:
    """How often each request came."""
    lines = map(json.loads, record.read_text().splitlines())
    return Counter(line["token"] for line in lines if "came" in line)


def answered(record: Path) -> dict[int, str]:
    """The request of each seed."""
    lines = map(json.loads, record.read_text().splitlines())
    return {line["seed"]: line["token"] for line in lines if "left" in line}


def stored(store: Path) -> set[int]:
    """The seeds of the requests whose replies are in the store: every call has its own."""
    with closing(sqlite3.connect(store)) as db:
        return {json.loads(row[0])["seed"] for row in db.execute("SELECT request FROM replies")}


def kill_after(arguments: list[str], record: Path, count: int) -> None:
    """Start the search and kill it once the server has answered so many requests in all."""
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None and len(answered(record)) < count:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)


def essence(solution: dict[str, Any]) -> dict[str, Any]:
    """All of it but how long the model took."""
    kept = {key: value for key, value in solution.items() if not key.startswith("usage")}
    kinds = solution["usage_by_kind"].items()
    return kept | {kind: {**usage, "seconds": 0} for kind, usage in kinds}


def main() -> None:
    """Read the options, do it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--graph", choices=GRAPHS, default="plan-search")
    parser.add_argument(
        "--layers", type=int, default=2, help="of plan-search: 2 makes 1,300 calls, 1 makes 116"
    )
    parser.add_argument("--median", type=float, default=0.5, help="of the latency, in seconds")
    parser.add_argument("--seed", type=int, default=None, help="of the points it is killed at")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen, task, calls = search(options.graph, options.layers, folder)
        points = sorted(random.Random(options.seed).sample(range(5, calls - 10), options.kills))
        (folder / "task.yaml").write_text(task)
        record = folder / "record.jsonl"
        lost: list[int] = []
        kept: dict[str, int] = {}  # requests whose reply was safe, and how often they had come then
        with server(record, options.median) as url:
            killed = command(folder, url, "killed.sqlite", chosen)
            for point in points:
                kill_after(killed, record, point)
                request, came = answered(record), arrivals(record)
                for seed in stored(folder / "killed.sqlite"):
                    kept.setdefault(request[seed], came[request[seed]])
                lost.append(len(came.keys() - kept.keys()))
                print(
                    f"killed after {point} replies: {len(kept)} kept, {lost[-1]} to be asked again"
                )
            solution = finish(killed)
            came = arrivals(record)
            unkilled = finish(command(folder, url, "unkilled.sqlite", chosen))
        replayed = finish(command(folder, "http://127.0.0.1:9/v1", "killed.sqlite", chosen))
    figures = {
        "answered_twice": sum(came[token] - count for token, count in kept.items()),
        "most_lost": max(lost),
        "in_flight": IN_FLIGHT,
        "same_as_unkilled": essence(solution) == essence(unkilled),
        "same_when_replayed": replayed == solution,
        "calls": solution["usage"]["calls"],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
