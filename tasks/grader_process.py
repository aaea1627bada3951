"""A grader's process, seen from here: a line of JSON out, a line of JSON in (tasks/grader.py)."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import MissingError
from .math_task import Grading

SCRIPT = Path(__file__).with_name("grader.py")
START = 60.0
"""Seconds that a process has to start and to import what it needs."""
PATIENCE = 6.0
"""Times its CPU seconds that a comparison may take in all, where it has to wait for a core."""
LEAST_PATIENCE = 10.0
"""Seconds that it may take in any case: a machine may be busy."""
LONGEST_REPLY = 10_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether two answers are equal; None where nobody can say, and then why."""

    equal: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Which is the first of `golds` that `answer` is equal to, or (`either`) that is equal to it?
    The two are not always the same to a computer algebra system ("x = 5" answers "5")."""

    answer: str
    golds: tuple[str, ...]
    grading: Grading
    either: bool = False

    def all(self, why: str) -> tuple[Judgement, ...]:
        """That nobody can say, and why."""
        return (Judgement(None, why),) * len(self.golds)


class BrokenGrader(Exception):
    """The process ended, or said what it cannot have to say."""


class OutOfTime(BrokenGrader):
    """The process was ended by its own limit, or by ours."""


class Grader:
    """One process, seen from here. Blocking: for a thread."""

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        self._wall = max(PATIENCE * seconds, LEAST_PATIENCE)
        self._buffer = b""
        self._fresh = True
        """Whether the next comparison has to wait for imports, too."""
        limits = json.dumps({"seconds": seconds, "memory": memory_bytes})
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(SCRIPT), limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            bufsize=0,
        )

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def ask(self, question: Question) -> tuple[tuple[Judgement, ...], bool]:
        """A judgement for each gold up to the first that is equal, and whether the process should
        be replaced.

        Raises:
            BrokenGrader: it has to be.
            MissingError: a library is not installed.
        """
        wall = self._wall * len(question.golds)
        if self._fresh:
            wall += START
            if "ready" not in self._line(START):
                raise BrokenGrader("it does not start")
            self._fresh = False
        self._send(json.dumps(asdict(question)).encode("ascii") + b"\n")
        reply = self._line(wall)
        if "missing" in reply:
            raise missing(str(reply["missing"]))
        equal, why = reply.get("equal"), reply.get("why")
        if not isinstance(equal, list) or not 0 < len(equal) <= len(question.golds):
            raise BrokenGrader("it makes no sense")
        if not isinstance(why, str) or not all(each in (True, False, None) for each in equal):
            raise BrokenGrader("it makes no sense")
        found = tuple(Judgement(each, why if each is None else "") for each in equal)
        return found, bool(reply.get("tired"))

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            while data:
                data = data[self._process.stdin.write(data) or 0 :]
        except OSError as error:
            raise BrokenGrader("it has ended") from error

    def _line(self, seconds: float) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            self._buffer += self._part(end - time.monotonic())
            if len(self._buffer) > LONGEST_REPLY:
                raise BrokenGrader("it says too much")
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError as error:
            raise BrokenGrader("it makes no sense") from error
        if not isinstance(reply, dict):
            raise BrokenGrader("it makes no sense")
        return reply

    def _part(self, seconds: float) -> bytes:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        waiting = select.poll()
        waiting.register(stream, select.POLLIN)
        if not waiting.poll(max(0.0, seconds) * 1000):
            raise OutOfTime("it does not answer")
        part = os.read(stream, 4096)
        if part:
            return part
        if self._process.wait() == -signal.SIGPROF:
            raise OutOfTime("its time is up")
        raise BrokenGrader("it has ended")

    def kill(self) -> None:
        """End the process, from any thread. Idempotent, and never raises."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Kill it and let go of its pipes: for the thread that asks, since another might be given
        the same descriptors. Idempotent, and never raises."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def _environment() -> dict[str, str]:
    """What the process needs of ours: where libraries are, and no keys of model providers. Its
    hashes are fixed, so that whatever depends on the order of a set comes out the same."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    path = os.pathsep.join(entry for entry in sys.path if entry and Path(entry).is_dir())
    return {**kept, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}


def missing(library: str) -> MissingError:
    """What to say of a library that is not installed."""
    return MissingError(f"answers cannot be compared without {library}: pip install 'ponder[math]'")
