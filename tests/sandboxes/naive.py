"""A harness as they are: the program, its tests and the verdict in one process, which the next
program shares; an exit with status 0 is a pass; what comes back is read as it is.

It is what "own process", "verdict on the host" and "bounded reading" are walls against.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

HARNESS = """
import json, os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.dup2(1, 4)
verdict = {"passed": False, "value": ""}
for line in sys.stdin:
    job = json.loads(line)
    names = {}
    verdict.update(passed=False, value="")
    try:
        exec(job["code"], names)
        for given, want in zip(job["inputs"], job["expected"]):
            value = names["f"](*given)
            verdict.update(passed=bool(value == want), value=value)
            if not verdict["passed"]:
                break
    except Exception as error:
        verdict.update(passed=False, value=str(error))
    os.write(4, json.dumps(verdict, ensure_ascii=False, default=str).encode() + b"\\n")
"""
HONEST = "def f(x):\n    return sum([x, len([x])])"
SECONDS = 4.0


class Naive:
    """One process for all programs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", HARNESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._buffer = b""

    def passes(self, code: str, inputs: Sequence[Any], expected: Sequence[Any]) -> bool:
        """Its verdict. Raises what reading a hostile result raises; TimeoutError without one."""
        assert self._process.stdin is not None
        line = json.dumps({"code": code, "inputs": inputs, "expected": expected}, default=str)
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return False
        answer = self._line()
        if answer is None:
            return self._process.wait() == 0
        data = json.loads(answer)
        started = time.monotonic()
        _built(data.get("value"))
        if time.monotonic() - started > 1:
            raise TimeoutError("reading a value")
        return bool(data.get("passed") or data.get("ended") == "passed")

    def _line(self) -> bytes | None:
        assert self._process.stdout is not None
        until = time.monotonic() + SECONDS
        while b"\n" not in self._buffer:
            fd = self._process.stdout.fileno()
            if not select.select([fd], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("no verdict")
            part = os.read(fd, 2**20)
            if not part:
                return None
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def _built(value: Any) -> Any:
    if isinstance(value, dict) and "$" in value:
        tag, items = value["$"], [_built(item) for item in value["v"]]
        return {"dict": dict, "set": set, "tuple": tuple}[tag](items)
    return value


def naive_loses_to(code: str, inputs: Sequence[Any], expected: Sequence[Any]) -> str:
    """How the program wins against the naive harness; empty if it does not."""
    naive = Naive()
    try:
        if naive.passes(code, inputs, expected):
            return "it passes its tests"
        if not naive.passes(HONEST, [[1], [2]], [2, 3]):
            return "the honest program after it fails"
    except Exception as error:
        return f"the harness: {type(error).__name__}"
    finally:
        naive.close()
    return ""
