"""How long a large run takes to summarise, and in how much memory.

    python benchmarks/summary_speed.py [--tasks 1000] [--samples 200]

Writes the results of two synthetic runs as an evaluation does, then reads and summarises one and
compares both. The bound is reading alone. Memory is by how much this process's peak grew. The last
line is JSON.
"""

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ponder.evals.folder import RESULTS, read_results
from ponder.evals.results import Result, Sample
from ponder.evals.summary import summarise
from ponder.evals.versus import compare
from ponder.models import Usage


def results(tasks: int, samples: int, seed: int) -> Iterator[Result]:
    order = random.Random(seed)
    for task in range(tasks):
        chance = order.random() ** 2
        drawn = [order.random() < chance for _ in range(samples)]
        usage = Usage(samples, samples * 900, samples * 300, 0.001 * samples, 2.0 * samples)
        yield Result(
            f"task/{task}",
            f"{task:016x}",
            tuple(
                Sample(f"s{i}/code", passed or order.random() < 0.2, 0.5, passed)
                for i, passed in enumerate(drawn)
            ),
            chosen="s0/code",
            solved=drawn[0],
            selections={"majority": {2**i: "s0/code" for i in range(samples.bit_length())}},
            usage=usage,
            usage_by_kind={"code": usage},
            thoughts=samples,
            stopped="complete",
            seconds=order.random() * 60,
        )


def write(folder: Path, tasks: int, samples: int, seed: int) -> Path:
    folder.mkdir()
    with (folder / RESULTS).open("w") as file:
        for result in results(tasks, samples, seed):
            file.write(json.dumps(result.to_json()) + "\n")
    return folder


def timed(what: str, work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"{what:<28} {seconds:6.2f} s", flush=True)
    return seconds


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        one, other = (
            write(Path(name) / str(seed), options.tasks, options.samples, seed) for seed in (0, 1)
        )
        before = peak()
        reading = timed("reading", lambda: sum(1 for _ in read_results(one)))
        whole = timed("reading and summarising", lambda: summarise(read_results(one)))
        both = timed("comparing two", lambda: compare(read_results(one), read_results(other)))
        grown = peak() - before
    print(f"{'peak memory grew by':<28} {grown:6.0f} MB")
    figures = {
        "tasks": options.tasks,
        "samples": options.samples,
        "reading_s": round(reading, 2),
        "summarising_s": round(whole, 2),
        "comparing_s": round(both, 2),
        "over_reading": round(whole / reading, 2),
        "grown_mb": round(grown),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=200)
    run(parser.parse_args())
