"""What a runner's report says of a program: outcomes.

Everything in it is treated as written by an enemy: JSON is strict, values are bounded, and whatever
does not have the right form costs the program its result, never the host.
"""

import json
import signal
from typing import Any

from ..tasks.values import ValueFormatError, from_json
from .base import Ended, Outcome

ENDINGS = frozenset(
    ["value", "exception", "syntax_error", "load_error", "bad_result", "memory_limit", "forbidden"]
)
"""What a candidate may report of itself; the rest is the runner's to say."""


def call_outcomes(report: dict[str, Any], count: int) -> tuple[Outcome, ...]:
    """Of a function that was called `count` times."""
    lines = report["results"].split("\n")[:-1]
    if len(lines) > count:
        # More results than inputs: nobody can say which are which, and they need not be read.
        return (Outcome("bad_result", error="more results than inputs"),) * count
    told = [_told(line) for line in lines]
    if told and told[0].ended in ("syntax_error", "load_error"):
        return (told[0],) * count
    if told and told[0].ended == "forbidden" and len(told) == 1:
        return (told[0],) * count
    missing = _ending(report) if len(told) < count or report["killed"] else None
    rest = (missing,) * (count - len(told)) if missing else ()
    return (*told, *rest)


def program_outcome(report: dict[str, Any]) -> Outcome:
    """Of a program that read standard input."""
    lines = report["results"].split("\n")
    told = _told(lines[0]) if len(lines) > 1 else None
    if told is None and report["exit"] == 0:
        told = Outcome("value")  # it left by os._exit, as some do to be quicker
    ended = told if told is not None and not report["killed"] else _ending(report)
    return Outcome(ended.ended, None, report["out"], ended.error)


def check_outcome(answers: dict[str, Any], checks: dict[str, Any]) -> Outcome:
    """What the checker found; or, where that is not why it passed, how the program ended."""
    found = _told(checks["results"].partition("\n")[0]) if "\n" in checks["results"] else None
    if found is not None and found.ended == "value":
        return Outcome("value")
    if answers["results"]:
        said = _told(answers["results"].partition("\n")[0])
        # It may say why it was not loaded, and no more: least of all that it passes.
        return said if said.ended != "value" else Outcome("bad_result", error="an unasked result")
    if answers["killed"] not in (None, "done") or answers["signal"] not in (None, signal.SIGKILL):
        return _ending(answers)
    return found or _ending(checks)


def _told(line: str) -> Outcome:
    """One result as the candidate put it; a bad result if it is not one."""
    try:
        data = json.loads(line, parse_constant=_refuse)
        if type(data) is not dict or data["ended"] not in ENDINGS or type(data["error"]) is not str:
            raise ValueFormatError("not a result")
        value = from_json(data["value"]) if data["ended"] == "value" else None
    except (ValueError, KeyError, RecursionError, TypeError) as error:
        return Outcome("bad_result", error=f"malformed result: {str(error)[:80]}")
    return Outcome(data["ended"], value, error=data["error"][:300])


def _refuse(name: str) -> None:
    raise ValueFormatError(f"{name} is not JSON")


def _ending(report: dict[str, Any]) -> Outcome:
    """What ended a process that did not say so itself."""
    if report["killed"] == "wall":
        return Outcome("time_limit", error=f"stopped after {report['wall']:.1f} s")
    if report["killed"] in ("output", "result"):
        return Outcome("output_limit", error=f"too much {report['killed']}")
    if report["signal"] is None:
        return Outcome("no_result", error=f"exit status {report['exit']} before a result")
    return _signalled(report)


def _signalled(report: dict[str, Any]) -> Outcome:
    if report["signal"] == signal.SIGXCPU:
        return Outcome("time_limit", error=f"used {report['cpu']:.1f} s of CPU")
    if report["signal"] == signal.SIGKILL:
        # Nobody but the kernel kills a candidate otherwise: for CPU it ignored the warning about,
        # or for the container's memory.
        busy = report["cpu"] >= report["cpu_limit"]
        ended: Ended = "time_limit" if busy else "memory_limit"
        return Outcome(ended, error="killed by the kernel")
    named = {number.value: number.name for number in signal.Signals}
    return Outcome("crash", error=named.get(report["signal"], f"signal {report['signal']}"))
