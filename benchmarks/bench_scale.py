"""What many tasks and many candidates cost an evaluation: memory, and processor time a candidate.

    python benchmarks/bench_scale.py [--tasks 1000] [--samples 200]

Everything but the model and the sandbox is real (the runner, the graph, the store on disk, the
folder); these two answer at once, so that all that is measured is ours.

1. An evaluation of `--tasks` tasks with `--samples` candidates each. Memory is looked at after
   every tenth of it: what is held must not depend on how much has been done.
2. One task with 100 candidates, and one with 10,000, in turn, five times each (that of 100 a
   hundred times over, to be measured as well): processor seconds a candidate, medians.

Last line: JSON with

    rss_growth     resident memory at the end over that after the first tenth
    cost_growth    processor time a candidate among 10,000 over that among 100
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ponder.evals.arms import name_of
from ponder.evals.folder import STORE, About, RunFolder
from ponder.evals.results import Result
from ponder.evals.runner import Arm, evaluate
from ponder.evals.spec import Spec, with_samples
from ponder.models import Completion, Message, Usage
from ponder.nodes import Context
from ponder.sandboxes import Program, ScriptedSandbox
from ponder.tasks import CodeTask, Key, LoadedTask, Test

FEW, MANY = 100, 10_000
TEXT = "Some words about the problem, as models write them before they come to the point. " * 6


class Instant:
    """A model that answers at once, with a program of usual length; no two are the same."""

    name = "instant"
    supports_schema = False

    async def ready(self) -> None:
        """There is nothing to do."""

    async def chat(self, messages: list[Message], *, path: str, **_: Any) -> list[Completion]:
        code = f"def solve(x):\n    # {path}\n    return x + 1\n"
        usage = Usage(calls=1, prompt_tokens=300, completion_tokens=200)
        return [Completion(f"{TEXT}\n```python\n{code}```", "stop", usage)]

    def price(self, prompt_tokens: int, completion_tokens: int) -> float:
        return 0.0


def successor(program: Program, given: Any) -> int:
    """What every program computes."""
    return int(given[0]) + 1


def tasks(count: int) -> Iterator[LoadedTask[Any, Any]]:
    """Tasks with public and hidden tests."""
    for number in range(count):
        id = f"task/{number}"
        tests = tuple(Test((n,), n + 1) for n in range(3))
        task = CodeTask(id, f"Add one ({number}).", entry_point="solve", public_tests=tests[:1])
        yield LoadedTask(task, Key(id, tests))


def resident() -> float:
    """Memory of this process in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def run(folder: Path, count: int, samples: int, progress: Any = None) -> None:
    """One evaluation."""
    graph = "repeated-sampling"
    spec = Spec(graph, options=with_samples(graph, {}, samples), model="instant")
    held = RunFolder(folder, About(name_of(spec), "synthetic", spec))
    with Context(Instant(), sandbox=ScriptedSandbox(successor), store=folder / STORE) as context:
        arm = Arm(held, spec.build(), context)
        await evaluate(tasks(count), [arm], 64, progress or (lambda *_: None))
    held.close()


def memory(count: int, samples: int) -> list[float]:
    """MiB after each tenth of an evaluation."""
    looks: list[float] = []
    done = 0

    def progress(arm: Arm, result: Result) -> None:
        nonlocal done
        done += 1
        if done % max(1, count // 10) == 0:
            looks.append(round(resident(), 1))
            print(f"{done} tasks, {done * samples} candidates: {looks[-1]} MiB", flush=True)

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(Path(name) / "run", count, samples, progress))
    return looks


def cost(samples: int, count: int) -> float:
    """Processor milliseconds a candidate."""
    with tempfile.TemporaryDirectory() as name:
        began = time.process_time()
        asyncio.run(run(Path(name) / "run", count, samples))
        return 1000 * (time.process_time() - began) / (samples * count)


def main() -> None:
    """Read the options, measure, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    looks = memory(options.tasks, options.samples)
    cost(FEW, 5)  # imports, first allocations
    few, many = [], []
    for number in range(1, options.rounds + 1):
        few.append(cost(FEW, MANY // FEW))
        many.append(cost(MANY, 1))
        print(f"round {number}: {few[-1]:.3f} ms among {FEW}, {many[-1]:.3f} among {MANY}")
    figures = {
        "rss_growth": round(looks[-1] / looks[0], 3),
        "cost_growth": round(statistics.median(many) / statistics.median(few), 3),
        "mib": looks,
        "ms_a_candidate": [round(statistics.median(few), 3), round(statistics.median(many), 3)],
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
