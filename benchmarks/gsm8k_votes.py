"""Majority against best-of-n and best-of-n weighted, on GSM8K, with a model as its own judge.

    python benchmarks/gsm8k_votes.py gsm8k.jsonl [--tasks 20] [--samples 8] [--model NAME]
        [--judge NAME] [--store FILE]

One set of samples for every n (1, 2, 4, … samples); what each way chooses is graded by the gold
answer. Intervals are bootstraps over the tasks (95 %, 10,000 resamples); differences to majority
are paired. With --store, a run that was stopped goes on. The last line is JSON.
"""

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ponder.evals.metrics import bootstrap_mean
from ponder.graphs import best_of_n
from ponder.models import disconnect
from ponder.nodes import Context, Solution
from ponder.tasks import AnswerKey, LoadedTask, MathTask, load_dataset
from ponder.verifiers import AnswerGrade

Loaded = LoadedTask[MathTask, AnswerKey]
WAYS = ("majority", "best", "weighted")


async def grades(loaded: Loaded, solution: Solution, context: Context) -> dict[str, bool]:
    """By candidate, whether it has the gold answer."""
    assert loaded.key is not None
    thoughts = context.thoughts(solution)
    ids = [candidate.id for candidate in solution.candidates]
    judged = await AnswerGrade(loaded.key).judge(loaded.task, [thoughts[id].text for id in ids])
    return {id: verdict.passed is True for id, verdict in zip(ids, judged, strict=True)}


async def solve(
    loaded: Loaded, context: Context, samples: int, turns: asyncio.Semaphore
) -> dict[str, dict[int, bool]]:
    """By way and n, whether what is chosen is right."""
    graph = best_of_n(samples=samples, max_tokens=400)
    async with turns:
        started = time.monotonic()
        solution = (await graph.ainvoke({"task": loaded.task}, context=context))["solution"]
        right = await grades(loaded, solution, context)
        found = {
            way: {n: right[id] for n, id in solution.selections.get(way, {}).items()}
            for way in WAYS
        }
        print(
            f"{loaded.task.id:<12} {sum(right.values())}/{samples} right, weighted: "
            f"{found['weighted'].get(samples, False)}, {solution.usage.tokens} tokens, "
            f"{time.monotonic() - started:.0f} s",
            flush=True,
        )
    return found


def rounded(values: Sequence[float]) -> list[float]:
    """Mean, and the bounds of its interval."""
    found = bootstrap_mean(values)
    return [round(number, 3) for number in (found.value, found.low, found.high)]


def report(found: Sequence[dict[str, dict[int, bool]]], samples: int) -> dict[str, Any]:
    ns = [2**i for i in range(samples.bit_length()) if 2**i <= samples]
    result: dict[str, Any] = {"tasks": len(found), "accuracy": {}, "over_majority": {}}
    for way in WAYS:
        rows = {n: [float(one[way].get(n, False)) for one in found] for n in ns}
        result["accuracy"][way] = {n: rounded(rows[n]) for n in ns}
        base = {n: [float(one["majority"].get(n, False)) for one in found] for n in ns}
        paired = {n: [a - b for a, b in zip(rows[n], base[n], strict=True)] for n in ns}
        result["over_majority"][way] = {n: rounded(paired[n]) for n in ns}
    for way in WAYS:
        shown = ", ".join(
            f"n={n} {mean:.2f} [{low:.2f}, {high:.2f}]"
            for n, (mean, low, high) in result["accuracy"][way].items()
        )
        print(f"{way:<9} {shown}")
    return result


async def run(options: argparse.Namespace) -> None:
    rows = list(load_dataset("gsm8k", options.data))
    order = random.Random(options.seed)
    some = order.sample(rows, min(options.tasks, len(rows)))
    turns = asyncio.Semaphore(options.together)
    began = time.monotonic()
    with Context(
        model=options.model,
        judge=options.judge,
        verifier="judge,think=no,by=solution",
        store=options.store,
    ) as context:
        found = await asyncio.gather(*(solve(one, context, options.samples, turns) for one in some))
        spent = [run.usage_by_kind() for run in context.runs()]
    await disconnect()
    result = report(found, options.samples)
    kinds = {kind for usage in spent for kind in usage}
    result["tokens"] = {
        kind: sum(usage[kind].tokens for usage in spent if kind in usage) for kind in sorted(kinds)
    }
    print(
        json.dumps({**result, "model": options.model, "seconds": round(time.monotonic() - began)})
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, help="GSM8K's own file")
    parser.add_argument("--tasks", type=int, default=20)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--model", default="embedded/qwen2.5-coder-1.5b")
    parser.add_argument("--judge", default=None, help="the model itself, if not given")
    parser.add_argument("--store", default=None)
    parser.add_argument("--seed", type=int, default=0, help="of the choice of tasks")
    parser.add_argument("--together", type=int, default=2, help="tasks at once")
    asyncio.run(run(parser.parse_args()))
