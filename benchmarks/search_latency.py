"""What PlanSearch adds to its models' own time.

A `paper` search (n1 = 5, m = 4: 1,300 calls) against a local server with log-normal latency
(median 0.5 s, sigma 1), 64 in flight. Its wall time is divided by the makespan that a zero-overhead
greedy scheduler gets from the very same calls, dependencies and latencies, as the server recorded
them; so is that of a stage-barrier execution of the same tree (simulated, without overhead). CPU a
call is held against bare `litellm.acompletion` with the same requests in the same run, in turn.
Then once more with a tree ten times as large.

    python benchmarks/search_latency.py [--rounds 3] [--large-n1 17]

The last line is JSON with `over_ideal`, `barrier_over_ideal`, `cpu_ms_per_call`,
`litellm_cpu_ms_per_call`, `large_over_small_cpu` and `large_over_ideal`.
"""

import argparse
import asyncio
import gc
import heapq
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ponder.graphs import plan_search
from ponder.models import LiteLLMModel, Message
from ponder.nodes import Context, Run
from ponder.sandboxes import Outcome, ScriptedSandbox
from ponder.tasks import CodeTask, Test

IN_FLIGHT = 64
HELLO: list[Message] = [
    {"role": "system", "content": "Warm up."},
    {"role": "user", "content": "Hello."},
]
TASK = CodeTask(
    "bench",
    "Return the number itself. " + "The statement goes on for a while. " * 30,
    entry_point="solve",
    public_tests=(Test((1,), 1),),
)


@contextmanager
def server(n1: int, m: int, median: float, record: Path) -> Iterator[str]:
    """A latency server of our own; yields its base URL."""
    script = Path(__file__).with_name("latency_server.py")
    options = {"--n1": n1, "--m": m, "--median": median, "--record": record}
    words = [str(word) for pair in options.items() for word in pair]
    process = subprocess.Popen(
        [sys.executable, str(script), *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Measured:
    """One run."""

    calls: int
    wall: float
    cpu: float


def model_at(url: str) -> LiteLLMModel:
    return LiteLLMModel("hosted_vllm/bench", api_base=url, api_key="none", concurrency=IN_FLIGHT)


async def search(url: str, store: Path, n1: int) -> tuple[Measured, Run]:
    """One search, from building the graph to the solution."""
    sandbox = ScriptedSandbox(lambda program, given: Outcome("value", given[0]))
    context = Context(model=model_at(url), sandbox=sandbox, store=store)
    wall, cpu = time.perf_counter(), time.process_time()
    graph = plan_search("paper", max_observations=n1)
    result = await graph.ainvoke({"task": TASK}, context=context)
    measured = Measured(
        result["solution"].usage.calls, time.perf_counter() - wall, time.process_time() - cpu
    )
    run = context.run(result["solution"].run)
    context.close()
    return measured, run


async def bare(url: str, requests: list[dict[str, Any]]) -> Measured:
    """The same requests by `litellm.acompletion` and nothing else, as many in flight."""
    import litellm

    slots = asyncio.Semaphore(IN_FLIGHT)

    async def one(request: dict[str, Any]) -> None:
        async with slots:
            await litellm.acompletion(
                model="hosted_vllm/bench", api_base=url, api_key="none",
                num_retries=0, max_retries=0, **request,
            )  # fmt: skip

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(one, requests))
    return Measured(len(requests), time.perf_counter() - wall, time.process_time() - cpu)


def recorded(record: Path) -> list[dict[str, Any]]:
    """What the server wrote down."""
    return [json.loads(line) for line in record.read_text().splitlines()]


def requests_of(store: Path) -> list[dict[str, Any]]:
    """What a search asked, as `acompletion` arguments."""
    rows = sqlite3.connect(store).execute("SELECT request FROM replies").fetchall()
    asked = [json.loads(row[0]) for row in rows]
    keep = ("messages", "temperature", "top_p", "max_tokens", "seed")
    return [{key: request[key] for key in keep} for request in asked]


def dependencies(run: Run) -> dict[str, str | None]:
    """Each call's path and the call it has to wait for."""
    before: dict[str, str | None] = {}
    for thought in run.thoughts.values():
        if not thought.usage.calls:
            continue
        parents = thought.parents or _place_above(thought.id)
        before[thought.id] = _call_behind(run, parents[0]) if parents else None
    return before


def _place_above(id: str) -> tuple[str, ...]:
    """The call whose observations an empty subset was chosen from."""
    place = id.rpartition("/")[0]
    if not place or id == "o0/plan":
        return ()  # the root's own turn, and its empty subset, wait for nothing
    above = place.rpartition("/")[0]
    return (f"{above}/format" if above else "format",)


def _call_behind(run: Run, id: str) -> str:
    """The call that made a thought: observations are read from the call that listed them."""
    thought = run.thoughts[id]
    return id if thought.usage.calls else _call_behind(run, thought.parents[0])


def greedy_makespan(before: Mapping[str, str | None], latency: Mapping[str, float]) -> float:
    """Seconds that `IN_FLIGHT` servers take when each picks the call that was ready first."""
    after: dict[str | None, list[str]] = {}
    for path, needed in before.items():
        after.setdefault(needed, []).append(path)
    ready = [(0.0, path) for path in after.get(None, [])]
    heapq.heapify(ready)
    servers = [0.0] * IN_FLIGHT
    ending: list[tuple[float, str]] = []
    end = 0.0
    while ready or ending:
        # Calls that end before the next server is free make their successors ready.
        while ending and (not ready or ending[0][0] <= max(servers[0], ready[0][0])):
            now, path = heapq.heappop(ending)
            for successor in after.get(path, []):
                heapq.heappush(ready, (now, successor))
        if not ready:
            continue
        came, path = heapq.heappop(ready)
        done = max(came, heapq.heappop(servers)) + latency[path]
        heapq.heappush(servers, done)
        heapq.heappush(ending, (done, path))
        end = max(end, done)
    return end


def barrier_makespan(before: Mapping[str, str | None], latency: Mapping[str, float]) -> float:
    """Seconds when every stage of the tree waits for the whole stage before it."""
    depth: dict[str, int] = {}

    def depth_of(path: str) -> int:
        if path not in depth:
            needed = before[path]
            depth[path] = 0 if needed is None else 1 + depth_of(needed)
        return depth[path]

    stages: dict[int, list[str]] = {}
    for path in before:
        stages.setdefault(depth_of(path), []).append(path)
    return sum(greedy_makespan(dict.fromkeys(stage), latency) for stage in stages.values())


@dataclass(frozen=True)
class Round:
    """A search beside its bounds and beside bare LiteLLM."""

    ours: Measured
    litellm: Measured
    ideal: float
    barrier: float


async def one_round(n1: int, m: int, median: float) -> Round:
    with tempfile.TemporaryDirectory() as folder:
        record, store = Path(folder, "record.jsonl"), Path(folder, "store.sqlite")
        with server(n1, m, median, record) as url:
            await model_at(url).chat(HELLO, path="warm")  # the import of litellm is no call's
            gc.collect()
            ours, run = await search(url, store, n1)
            gc.collect()
            litellm = await bare(url, requests_of(store))
        by_seed = {row["seed"]: row["latency"] for row in recorded(record)}
    before = dependencies(run)
    latency = {path: by_seed[run.calls.seed(path)] for path in before}
    return Round(ours, litellm, greedy_makespan(before, latency), barrier_makespan(before, latency))


def show(name: str, round_: Round) -> None:
    ours, litellm = round_.ours, round_.litellm
    print(
        f"{name}: {ours.calls} calls, wall {ours.wall:.2f} s, ideal {round_.ideal:.2f} s, "
        f"barrier {round_.barrier:.2f} s; CPU a call {1e3 * ours.cpu / ours.calls:.2f} ms, "
        f"bare litellm {1e3 * litellm.cpu / litellm.calls:.2f} ms ({litellm.wall:.2f} s)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--median", type=float, default=0.5, help="of the latency, in seconds")
    parser.add_argument("--large-n1", type=int, default=17, help="0 leaves the large tree out")
    options = parser.parse_args()
    rounds = []
    for i in range(options.rounds):
        rounds.append(asyncio.run(one_round(5, 4, options.median)))
        show(f"round {i + 1}", rounds[-1])
    cpu = statistics.median(1e3 * r.ours.cpu / r.ours.calls for r in rounds)
    figures = {
        "over_ideal": statistics.median(r.ours.wall / r.ideal for r in rounds),
        "barrier_over_ideal": statistics.median(r.barrier / r.ideal for r in rounds),
        "cpu_ms_per_call": cpu,
        "litellm_cpu_ms_per_call": statistics.median(
            1e3 * r.litellm.cpu / r.litellm.calls for r in rounds
        ),
    }
    if options.large_n1:
        large = asyncio.run(one_round(options.large_n1, 4, options.median))
        show("large", large)
        figures["large_over_small_cpu"] = 1e3 * large.ours.cpu / large.ours.calls / cpu
        figures["large_over_ideal"] = large.ours.wall / large.ideal
        figures["large_litellm_cpu_ms_per_call"] = 1e3 * large.litellm.cpu / large.litellm.calls
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
