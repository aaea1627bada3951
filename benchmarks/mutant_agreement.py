"""Hold our verdicts against EvalPlus's rule, by plain Python, on mutants of MBPP+ solutions.

    python -m benchmarks.mutant_agreement MbppPlus.jsonl.gz

Every canonical solution runs in the sandbox against its base and plus inputs, and so does a sample
of its mutants: an operator swapped, a constant off by one, a statement gone, another type returned,
…, the same for the same seed. What is expected, and a second verdict on each, come from processes
forked here, which run the data set's own code and its mutants with Python's own `==` and an
`allclose` written anew. That is for no code that somebody else wrote: a fork is no sandbox.

Last line: JSON with

    canonical_pass, canonical    solutions that pass in the sandbox, of how many
    mutants, agree               mutants, and those whose two verdicts are the same
    disagree_explained           others that one side had no time or memory for
    disagree                     the rest
"""

import argparse
import asyncio
import contextlib
import copy
import json
import math
import os
import random
import resource
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.mutants import mutants
from ponder.sandboxes import Limits, Sandbox, connect
from ponder.tasks import LoadedTask, load_dataset, with_expected
from ponder.tasks.mbpp import SETS
from ponder.tasks.values import decode, encode
from ponder.verifiers import HiddenTests, Verdict

CHILD_MEMORY = 2 * 2**30
SLOW = ("Mbpp/255", "Mbpp/271", "Mbpp/392", "Mbpp/592", "Mbpp/599", "Mbpp/603")
"""Solutions that take seconds, of which two mutants are enough."""
NOT_NONE = ("check_str", "text_match_three", "text_starta_endb")


def by_evalplus(function: str, answer: Any, expected: Any, given: Any, atol: float) -> bool:
    """EvalPlus's verdict on one answer, after `unsafe_execute` in evalplus/eval/__init__.py."""
    exact = answer == expected
    if function == "are_equivalent":
        exact = True
    elif function == "sum_div":
        exact = exact or answer == 0
    elif function == "surface_Area":
        base, height = given
        slant = math.sqrt((base / 2) ** 2 + height**2)
        exact = exact or abs(answer - round(base**2 + 2 * base * slant)) <= atol
    elif function == "digit_distance_nums":
        one, other = (str(number) for number in given)
        width = max(len(one), len(other))
        pairs = zip(one.zfill(width), other.zfill(width), strict=True)
        exact = exact or answer == sum(abs(int(a) - int(b)) for a, b in pairs)
    elif function in SETS:
        exact = set(answer) == set(expected)
    elif function in NOT_NONE:
        exact = (answer if isinstance(answer, bool) else answer is not None) == expected
    atol = next_atol(atol, expected)
    if exact or atol == 0:
        return bool(exact)
    if type(answer) is not type(expected):
        return False
    if isinstance(expected, list | tuple) and len(answer) != len(expected):
        return False
    return allclose(answer, expected, atol)


def next_atol(atol: float, expected: Any) -> float:
    """The tolerance from this expected value on."""
    items = expected if isinstance(expected, list | tuple) else [expected]
    floats = len(items) > 0 and all(isinstance(item, float) for item in items)
    return 1e-6 if atol == 0 and floats else atol


def allclose(answer: Any, expected: Any, atol: float) -> bool:
    """`numpy.allclose(answer, expected, rtol=1e-7, atol=atol)`; TypeError where numpy has one."""
    if isinstance(answer, list | tuple) or isinstance(expected, list | tuple):
        ones, others = (x if isinstance(x, list | tuple) else [x] for x in (answer, expected))
        size = max(len(ones), len(others)) if ones and others else 0
        if {len(ones), len(others)} - {1, size}:
            raise ValueError("shapes that do not go together")
        ones, others = (list(x) * size if len(x) == 1 else x for x in (ones, others))
        pairs = [allclose(a, b, atol) for a, b in zip(ones, others, strict=True)]
        return all(pairs)  # after all of them: numpy refuses an array for its last item, too
    for value in (answer, expected):
        if not isinstance(value, int | float | complex) or (
            isinstance(value, int) and not -(2**63) <= value < 2**64
        ):
            raise TypeError("no number that numpy computes with")
    if not math.isfinite(abs(expected)) or not math.isfinite(abs(answer)):
        return bool(answer == expected)
    return bool(abs(answer - expected) <= atol + 1e-7 * abs(expected))


@dataclass(frozen=True)
class Trusted:
    """What the forked processes say about one task."""

    expected: list[Any]
    """Of each pending input, as it is after it has crossed into a sandbox and out."""
    seconds: float
    """The canonical solution's."""
    programs: list[str]
    verdicts: list[str]
    """Of each program: "pass", "fail", or why there is none."""


def trusted(loaded: LoadedTask, count: int, seed: int) -> Trusted:
    """Runs in a process forked here, for one task."""
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  for the process
    task, key = loaded.task, loaded.key
    assert key is not None
    assert key.canonical_solution is not None
    assert task.entry_point is not None
    names: dict[str, Any] = {}
    exec(key.canonical_solution, names)
    started = time.process_time()
    raw = [names[task.entry_point](*copy.deepcopy(given)) for given in key.pending]
    seconds = time.process_time() - started
    rng = random.Random(f"{seed} {task.id}")
    every = mutants(key.canonical_solution)
    programs = rng.sample(every, min(len(every), 2 if task.id in SLOW else count))
    suites = [
        [
            (given, value is not None if task.entry_point in NOT_NONE else value)
            for given, value in s
        ]
        for s in split(list(zip(key.pending, raw, strict=True)), key.base)
    ]
    atol = key.comparison.absolute_tolerance
    verdicts = [forked(suites, task.entry_point, code, atol, limit(seconds)) for code in programs]
    return Trusted([decode(encode(value)) for value in raw], seconds, programs, verdicts)


def split(pairs: list[Any], at: int) -> tuple[list[Any], list[Any]]:
    return pairs[:at], pairs[at:]


def limit(seconds: float) -> float:
    """Seconds of CPU that a mutant has, given what the canonical solution takes."""
    return max(2.0, 3 * seconds)


def forked(suites: Any, function: str, code: str, atol: float, seconds: float) -> str:
    """EvalPlus's verdict on a mutant, from a child with limits."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds)))
            signal.setitimer(signal.ITIMER_REAL, 5 * seconds)
            verdict = judged(suites, function, code, atol)
            os.write(writing, verdict.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    return said or (f"ended by signal {status & 127}" if status & 127 else "ended without a word")


def judged(suites: Any, function: str, code: str, atol: float) -> str:
    for suite in suites:
        names: dict[str, Any] = {}
        try:
            exec(code, names)
            tolerance = atol
            for given, expected in suite:
                answer = names[function](*given)
                if not by_evalplus(function, answer, expected, given, tolerance):
                    return "fail"
                tolerance = next_atol(tolerance, expected)
        except MemoryError:
            return "out of memory"
        except BaseException as error:  # noqa: BLE001  as EvalPlus does
            return f"fail: {type(error).__name__}"
    return "pass"


async def ours(sandbox: Sandbox, loaded: LoadedTask, known: Trusted) -> list[Verdict]:
    """Our verdicts: of the canonical solution, then of its mutants."""
    assert loaded.key is not None
    assert loaded.key.canonical_solution is not None
    key = replace(with_expected(loaded.key, known.expected), canonical_solution=None)
    own = key.limits or Limits()
    seconds = limit(known.seconds)
    short = replace(own, cpu_seconds=seconds, wall_seconds=5 * seconds)
    [gold] = await HiddenTests(sandbox, key).judge(loaded.task, [loaded.key.canonical_solution])
    graded = HiddenTests(sandbox, replace(key, limits=short))
    return [gold, *await graded.judge(loaded.task, known.programs)]


def explained(verdict: Verdict, theirs: str) -> str:
    """Why two verdicts differ, where it is a matter of what each side allows, or ""."""
    for word in ("time limit", "memory limit", "output limit"):
        if word in verdict.reason:
            return f"{word} in the sandbox"
    return f"{theirs} in the fork" if theirs.startswith(("ended", "out of")) else ""


def report(loaded: LoadedTask, verdicts: list[Verdict], known: Trusted) -> dict[str, int]:
    """Prints what is not as it should be, and counts."""
    gold, *rest = verdicts
    counts = {"canonical_pass": int(gold.passed is True), "canonical": 1, "mutants": len(rest)}
    counts |= {"agree": 0, "disagree_explained": 0, "disagree": 0}
    if not gold.passed:
        print(f"{loaded.task.id}: the canonical solution: {gold.reason}")
    for code, verdict, theirs in zip(known.programs, rest, known.verdicts, strict=True):
        if verdict.passed is (theirs == "pass"):
            counts["agree"] += 1
            continue
        why = explained(verdict, theirs)
        counts["disagree_explained" if why else "disagree"] += 1
        print(f"{loaded.task.id}: ours: {verdict.reason}; theirs: {theirs}. {why or 'Why?'}")
        if not why:
            print("    " + code.strip().replace("\n", "\n    "))
    return counts


async def measure(path: Path, sandbox: Sandbox, count: int, seed: int) -> dict[str, int]:
    tasks = list(load_dataset("mbpp+", path))
    # All forks first: the sandbox has threads, and a fork takes along whatever locks they hold.
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        known = list(pool.map(trusted, tasks, [count] * len(tasks), [seed] * len(tasks)))
    theirs = [verdict for one in known for verdict in one.verdicts]
    print(f"{len(theirs)} mutants of {len(tasks)} solutions; {theirs.count('pass')} pass")
    counts: dict[str, int] = {}
    pairs = list(zip(tasks, known, strict=True))
    for verdicts, (loaded, one) in zip(
        await asyncio.gather(*(ours(sandbox, *pair) for pair in pairs)), pairs, strict=True
    ):
        for name, value in report(loaded, verdicts, one).items():
            counts[name] = counts.get(name, 0) + value
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="MbppPlus.jsonl.gz")
    parser.add_argument("--per-task", type=int, default=8, help="mutants of each solution")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sandbox", default="docker")
    options = parser.parse_args()
    sandbox = connect(options.sandbox)
    try:
        counts = asyncio.run(measure(options.data, sandbox, options.per_task, options.seed))
    finally:
        sandbox.close()
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
