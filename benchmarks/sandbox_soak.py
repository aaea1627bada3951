"""Run many programs, some of them hostile, and see what is left behind.

    python benchmarks/sandbox_soak.py [--sandbox docker] [--programs 20000] [--hostile 0.15]

Every honest program must pass, no hostile one may; no container, process or file may be left, and
this process must not have grown. The last line is JSON.
"""

import argparse
import asyncio
import json
import os
import random
import time
from collections import Counter
from pathlib import Path

from ponder.sandboxes import Execution, Limits, Program, Sandbox, connect
from ponder.sandboxes.attacks import ATTACKS, Attack
from ponder.tasks import same

LIMITS = Limits(cpu_seconds=1, wall_seconds=2)
SLOW = frozenset(
    ["result that drips", "sleep", "stop oneself", "CPU on many threads", "recursion without end"]
    + ["loop that ignores every signal", "regular expression that backtracks", "recursion in C"]
)
SLOW_SHARE = 0.02
"""Of the hostile programs, those that are there to use up their time."""
IN_FLIGHT = 8
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")


async def honest(sandbox: Sandbox, number: int) -> str:
    code = f"def f(x):\n    total = sum(range({number % 100}))\n    return [x + {number}, total]"
    inputs = [(1,), (2,), (number,)]
    execution = await sandbox.run(Program(code, "f"), inputs, LIMITS)
    total = sum(range(number % 100))
    wrong = [
        outcome
        for (x,), outcome in zip(inputs, execution.outcomes, strict=True)
        if outcome.ended != "value" or not same(outcome.value, [x + number, total])
    ]
    return f"honest program {number}: {wrong[0]}" if wrong else ""


async def hostile(sandbox: Sandbox, attack: Attack) -> str:
    expected = attack.expected or tuple(os.urandom(4).hex() for _ in attack.inputs)
    execution: Execution
    if attack.checked:
        lines = [
            f"assert candidate(*{given!r}) == {out!r}"
            for given, out in zip(attack.inputs, expected, strict=True)
        ]
        execution = await sandbox.check(Program(attack.code, "f"), "\n".join(lines), LIMITS)
        passed = execution.outcomes[0].ended == "value"
    else:
        execution = await sandbox.run(Program(attack.code, "f"), attack.inputs, LIMITS)
        passed = all(
            outcome.ended == "value" and same(outcome.value, out)
            for outcome, out in zip(execution.outcomes, expected, strict=True)
        )
    won = passed or any("WON" in f"{o.value} {o.error}" for o in execution.outcomes)
    return f"{attack.name} wins: {execution.outcomes}" if won else ""


async def soak(sandbox: Sandbox, programs: int, share: float) -> dict[str, object]:
    chance = random.Random(0)
    quick = [a for a in ATTACKS if a.name not in SLOW and not a.already_out]
    slow = [a for a in ATTACKS if a.name in SLOW]
    gate = asyncio.Semaphore(IN_FLIGHT)
    found: list[str] = []
    kinds: Counter[str] = Counter()
    sizes: list[float] = []
    started = time.monotonic()

    async def one(number: int) -> None:
        async with gate:
            if chance.random() < share:
                kinds["hostile"] += 1
                attack = chance.choice(slow if chance.random() < SLOW_SHARE else quick)
                said = await hostile(sandbox, attack)
            else:
                kinds["honest"] += 1
                said = await honest(sandbox, number)
        if said:
            found.append(said)
            print(said, flush=True)

    for first in range(0, programs, 1000):
        await asyncio.gather(*(one(n) for n in range(first, min(first + 1000, programs))))
        sizes.append(resident())
        done = sum(kinds.values())
        rate = done / (time.monotonic() - started)
        print(f"{done:6}  {rate:5.0f}/s  {sizes[-1]:6.1f} MiB  {len(found)} wrong", flush=True)
    warm = sizes[len(sizes) // 4]
    return {
        **kinds,
        "wrong": len(found),
        "per_s": round(sum(kinds.values()) / (time.monotonic() - started), 1),
        "host_mib": [round(sizes[0], 1), round(warm, 1), round(sizes[-1], 1)],
        "grown_after_warm_up": round(sizes[-1] / warm, 3),
    }


def resident() -> float:
    """MiB of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def processes() -> set[str]:
    """Runners on this machine, in whatever namespace."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"/ponder/runner.py" in path.read_bytes():
                found.add(path.parent.name)
        except OSError:
            continue
    return found


def files() -> set[str]:
    return {str(path) for place in PLACES for path in Path(place).glob("*")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox", default="docker")
    parser.add_argument("--programs", type=int, default=20_000)
    parser.add_argument("--hostile", type=float, default=0.15)
    options = parser.parse_args()
    before, named = processes(), files()
    sandbox = connect(options.sandbox)
    try:
        result = asyncio.run(soak(sandbox, options.programs, options.hostile))
    finally:
        sandbox.close()
    until = time.monotonic() + 10
    while processes() - before and time.monotonic() < until:
        time.sleep(0.2)
    result |= {"processes_left": len(processes() - before), "files_left": len(files() - named)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
