"""One runner seen from the host: frames out, frames in, and outcomes read from them.

Everything that comes back is treated as written by an enemy: sizes are bounded, JSON is strict, and
whatever does not have the right form costs the program its result, never the host.
"""

import json
import os
import signal
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..tasks.values import ValueFormatError, from_json, to_json
from .base import Ended, Execution, Limits, Outcome, Program

GRACE = 5.0
"""Seconds that a runner has, beyond a program's own, to say what became of it."""
ENDINGS = frozenset(
    ["value", "exception", "syntax_error", "load_error", "bad_result", "memory_limit", "forbidden"]
)
"""What a candidate may report of itself; the rest is the runner's to say."""


class BrokenWorker(Exception):
    """The runner died, fell silent or lost step. Its program has no verdict."""


class Pipe(Protocol):
    """The two ends of a runner's standard input and output."""

    def send(self, data: bytes, timeout: float) -> None:
        """Write all of it, or raise OSError."""

    def receive(self, size: int, timeout: float) -> bytes:
        """Read exactly that much, or raise OSError (TimeoutError in time)."""

    def close(self) -> None:
        """Let go of the runner, which ends then."""


class Closeable(Protocol):
    """Something that holds a file descriptor."""

    def close(self) -> None:
        """Let go of it."""


class Worker:
    """Runs jobs in one runner, one at a time. Blocking: for a thread.

    Raises:
        BrokenWorker: the runner does not say that it is ready; it is ended.
    """

    def __init__(self, pipe: Pipe, end: Callable[[], None], image: str = "") -> None:
        """`end` makes an end of the runner, whatever state it is in; it never raises."""
        self._pipe, self._end, self.image = pipe, end, image
        try:
            self._read_frame(30.0)  # the runner says that it is ready
        except BrokenWorker:
            self.end()
            raise

    def end(self) -> None:
        """End the runner and everything in it, at once. Never raises."""
        self._end()
        self._pipe.close()

    def run(self, program: Program, inputs: Sequence[Any], limits: Limits) -> Execution:
        """All inputs, by calls in one process or by one process each.

        Raises:
            BrokenWorker: the runner must be replaced.
        """
        if len(program.code.encode("utf-8", "replace")) > limits.code_bytes:
            what = Outcome("syntax_error", error=f"more than {limits.code_bytes} bytes of code")
            return Execution((what,) * len(inputs))
        if program.entry_point is None:
            return self._run_programs(program, inputs, limits)
        report = self._job(program, [to_json(list(given)) for given in inputs], "", limits)
        return self._execution(_call_outcomes(report, len(inputs)), report)

    def _run_programs(self, program: Program, inputs: Sequence[Any], limits: Limits) -> Execution:
        outcomes: list[Outcome] = []
        total = Execution(())
        for stdin in inputs:
            report = self._job(program, [], stdin, limits)
            outcomes.append(_program_outcome(report))
            total = Execution(
                tuple(outcomes),
                total.cpu_seconds + report["cpu"],
                total.wall_seconds + report["wall"],
                self.image,
            )
        return total

    def _execution(self, outcomes: tuple[Outcome, ...], report: dict[str, Any]) -> Execution:
        return Execution(outcomes, report["cpu"], report["wall"], self.image)

    def _job(
        self, program: Program, inputs: list[Any], stdin: str, limits: Limits
    ) -> dict[str, Any]:
        id = os.urandom(16).hex()
        head = {
            "id": id,
            "stdin": stdin,
            "cpu": limits.cpu_seconds,
            "wall": limits.wall_seconds,
            "memory": limits.memory_bytes,
            "output": limits.output_bytes,
            "result": limits.result_bytes,
            "threads": limits.threads,
        }
        job = {"code": program.code, "entry": program.entry_point, "inputs": inputs}
        frame = json.dumps(head).encode() + b"\n" + json.dumps(job).encode()
        seconds = limits.wall_seconds + GRACE
        try:
            self._pipe.send(struct.pack(">I", len(frame)) + frame, seconds)
        except OSError as error:
            raise BrokenWorker(f"it cannot be written to: {error}") from error
        report = self._read_frame(seconds)
        report["cpu_limit"] = limits.cpu_seconds
        if report.get("id") != id:
            raise BrokenWorker("it answered another job than it was given")
        if report["dirty"]:
            raise BrokenWorker("a program left a process behind that could not be killed")
        if not report["confined"]:
            raise BrokenWorker("a program could not be confined, and was not run")
        return report

    def _read_frame(self, timeout: float) -> dict[str, Any]:
        try:
            (size,) = struct.unpack(">I", self._pipe.receive(4, timeout))
            report: dict[str, Any] = json.loads(self._pipe.receive(size, timeout))
        except (OSError, ValueError) as error:
            raise BrokenWorker(f"no report: {error or type(error).__name__}") from error
        return report


def _call_outcomes(report: dict[str, Any], count: int) -> tuple[Outcome, ...]:
    lines = report["results"].split("\n")
    told = [_told(line) for line in lines[:-1]]
    if told and told[0].ended in ("syntax_error", "load_error"):
        return (told[0],) * count
    if told and told[0].ended == "forbidden" and len(told) == 1:
        return (told[0],) * count
    if len(told) > count:
        # More results than inputs: nobody can say which are which.
        return (Outcome("bad_result", error="more results than inputs"),) * count
    missing = _ending(report) if len(told) < count or report["killed"] else None
    rest = (missing,) * (count - len(told)) if missing else ()
    return (*told, *rest)


def _program_outcome(report: dict[str, Any]) -> Outcome:
    lines = report["results"].split("\n")
    told = _told(lines[0]) if len(lines) > 1 else None
    ended = told if told is not None and not report["killed"] else _ending(report)
    return Outcome(ended.ended, None, report["out"], ended.error)


def _told(line: str) -> Outcome:
    """One result as the candidate put it; a bad result if it is not one."""
    try:
        data = json.loads(line, parse_constant=_refuse)
        if type(data) is not dict or data["ended"] not in ENDINGS:
            raise ValueFormatError("not a result")
        value = from_json(data["value"]) if data["ended"] == "value" else None
    except (ValueError, KeyError, RecursionError, TypeError) as error:
        return Outcome("bad_result", error=f"malformed result: {str(error)[:80]}")
    return Outcome(data["ended"], value, error=str(data.get("error", ""))[:300])


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
    return Outcome("crash", error=signal.Signals(report["signal"]).name)


class SocketPipe:
    """A runner behind one stream socket."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream

    def send(self, data: bytes, timeout: float) -> None:
        """See `Pipe.send`."""
        self._stream.settimeout(timeout)
        self._stream.sendall(data)

    def receive(self, size: int, timeout: float) -> bytes:
        """See `Pipe.receive`."""
        self._stream.settimeout(timeout)
        data = bytearray()
        while len(data) < size:
            part = self._stream.recv(min(65536, size - len(data)))
            if not part:
                raise ConnectionError("it has ended")
            data += part
        return bytes(data)

    def close(self) -> None:
        """See `Pipe.close`."""
        self._stream.close()


class DockerPipe(SocketPipe):
    """A container's attached streams: what comes back is cut into chunks with a header of eight
    bytes (stream, three zeros, length), as Docker's attach does without a terminal."""

    def __init__(self, stream: socket.socket, holder: Closeable) -> None:
        """`holder` is what docker-py wraps the socket in: it is open until both are closed."""
        super().__init__(stream)
        self._holder = holder
        self._buffer = bytearray()

    def receive(self, size: int, timeout: float) -> bytes:
        """See `Pipe.receive`."""
        while len(self._buffer) < size:
            head = super().receive(8, timeout)
            chunk = super().receive(struct.unpack(">I", head[4:])[0], timeout)
            if head[0] == 1:  # standard output; what a runner says on standard error is not ours
                self._buffer += chunk
        data, self._buffer = bytes(self._buffer[:size]), self._buffer[size:]
        return data

    def close(self) -> None:
        """See `Pipe.close`."""
        super().close()
        self._holder.close()
