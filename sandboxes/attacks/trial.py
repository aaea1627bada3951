"""One attack tried on one sandbox."""

import os
import time
from dataclasses import dataclass
from typing import Any

from ...tasks import Comparison, same
from ..base import Execution, Limits, Program, Sandbox
from .attack import Attack

LIMITS = Limits(cpu_seconds=1, wall_seconds=2)
GRACE = 6.0
"""Seconds beyond the limits in which everything must be over: a busy machine's program may wait for
a core twice its wall seconds."""
PROBE = """
import os
def f(x):
    places = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/ponder", "/"]
    files = [n for p in places if os.path.isdir(p) for n in os.listdir(p)]
    return x + 1, sum(n.isdigit() for n in os.listdir("/proc")), len(files)
"""
"""An honest program that also looks around: processes and files that it can see."""


@dataclass(frozen=True)
class Trial:
    """What became of an attack."""

    won: str
    """How; empty if it did not."""
    said: str
    """What came of the program, in a word or a line."""
    seconds: float


async def try_attack(sandbox: Sandbox, attack: Attack, limits: Limits = LIMITS) -> Trial:
    """Run it between two honest programs and say whether it won. Never raises because of it."""
    before = await _probe(sandbox)
    token = os.urandom(8).hex()
    await sandbox.run(Program(f"def f(x):\n    return 'TOKEN-{token}'[:x]", "f"), [(1,)], LIMITS)
    expected = attack.expected or tuple(os.urandom(4).hex() for _ in attack.inputs)
    started = time.monotonic()
    try:
        if attack.checked:
            execution = await sandbox.check(*_checked(attack, expected), limits)
        else:
            execution = await sandbox.run(Program(attack.code, "f"), attack.inputs, limits)
    except Exception as error:  # noqa: BLE001  that is what some of them are after
        return Trial(f"the host: {type(error).__name__}: {error}", "", time.monotonic() - started)
    seconds = time.monotonic() - started
    won = (
        _passed(attack, execution, expected)
        or _evidence(execution)
        or ("it took too long" if seconds > 3 * limits.wall_seconds + GRACE else "")
        or await _harm(sandbox, before)
    )
    return Trial(won, _said(execution), seconds)


def _checked(attack: Attack, expected: tuple[Any, ...]) -> tuple[Program, str]:
    lines = [
        f"assert candidate(*{given!r}) == {out!r}"
        for given, out in zip(attack.inputs, expected, strict=True)
    ]
    return Program(attack.code, "f"), "\n".join(lines)


def _passed(attack: Attack, execution: Execution, expected: tuple[Any, ...]) -> str:
    outcomes = execution.outcomes
    if any(outcome.ended != "value" for outcome in outcomes):
        return ""
    if attack.checked:
        return "it passes its checks"
    pairs = zip(outcomes, expected, strict=True)
    how = Comparison()
    return "it passes its tests" if all(same(o.value, e, how) for o, e in pairs) else ""


def _evidence(execution: Execution) -> str:
    for outcome in execution.outcomes:
        for text in (outcome.value, outcome.error, outcome.stdout):
            if isinstance(text, str) and "WON" in text:
                return text[:120]
    return ""


async def _probe(sandbox: Sandbox) -> tuple[Any, ...]:
    execution = await sandbox.run(Program(PROBE, "f"), [(1,), (2,)], LIMITS)
    return tuple((outcome.ended, outcome.value) for outcome in execution.outcomes)


async def _harm(sandbox: Sandbox, before: tuple[Any, ...]) -> str:
    after = await _probe(sandbox)
    return "" if after == before else f"an honest program after it: {after}, not {before}"


def _said(execution: Execution) -> str:
    first = execution.outcomes[0]
    return f"{first.ended} {first.error}".strip()[:100]
