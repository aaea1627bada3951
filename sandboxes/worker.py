"""One runner seen from the host: frames out, frames in.

A runner that dies, falls silent, or says what it cannot have to say is broken: it is replaced, and
the program it had has no verdict.
"""

import json
import os
import signal
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..errors import SandboxError
from ..tasks.values import ValueFormatError, to_json
from .base import Execution, Limits, Program
from .outcomes import call_outcomes, check_outcome, program_outcome
from .pipes import CHUNK, Pipe

GRACE = 5.0
"""Seconds that a runner has, beyond a program's own, to say what became of it."""
PATIENCE = 3.0
"""Times its wall seconds that a program may take in all, where it had to wait for a core."""
INSIDE = frozenset(["filter", "uid", "undumpable", "limits", "zygote", "end of input"])
"""Walls that a runner can be told to leave out, for tests."""
MASKED = (
    *("acpi", "asound", "cmdline", "diskstats", "interrupts", "kallsyms", "kcore", "keys"),
    *("latency_stats", "modules", "partitions", "sched_debug", "scsi", "timer_list", "timer_stats"),
)
"""Of /proc, what is of the whole machine and of no use to a program: what engines mask by
themselves, and more."""
REPORT = frozenset(["id", "wall", "processes", "dirty"])
PROCESS = frozenset(["exit", "signal", "killed", "cpu", "out", "confined", "results"])
"""What a report has, and what it has of each process."""


class BrokenWorker(Exception):
    """The runner died, fell silent or lost step. Its program has no verdict."""


class Killed(BrokenWorker):
    """Something killed the program, and nobody says who. A kernel that ran out of memory for the
    whole machine is no fault of the program's, but a program can also kill itself: what to make of
    it is up to whoever has tried before."""

    def __init__(self, execution: Execution) -> None:
        super().__init__("a program was killed")
        self.execution = execution
        """What it comes to if it is taken for the program's own doing."""


class Worker:
    """Runs jobs in one runner, one at a time. Blocking: for a thread.

    Raises:
        BrokenWorker: the runner does not say that it is ready; it is ended.
    """

    def __init__(self, pipe: Pipe, end: Callable[[], None], image: str = "") -> None:
        """`end` makes an end of the runner, whatever state it is in; it never raises."""
        self._pipe, self._end, self.image = pipe, end, image
        self.processes = 0
        """How many it has made for programs."""
        try:
            hello = self._read_frame(30.0, CHUNK)
            if "ready" not in hello:
                raise BrokenWorker(str(hello.get("broken")))
        except BrokenWorker:
            self.end()
            raise

    def end(self) -> None:
        """End the runner and everything in it, at once. Never raises."""
        self._end()
        self._pipe.close()

    def let_go(self) -> None:
        """Close this process's ends of the pipe, and no more."""
        self._pipe.close()

    def run(self, program: Program, inputs: Sequence[Any], limits: Limits) -> Execution:
        """All inputs, by calls in one process or by one process each.

        Raises:
            BrokenWorker: the runner must be replaced.
            SandboxError: there is more to run than the limits allow, or an input that is no data;
                no fault of the runner's.
        """
        if program.entry_point is None:
            return self._run_programs(program, inputs, limits)
        try:
            given = [to_json(list(arguments)) for arguments in inputs]
        except ValueFormatError as error:
            raise SandboxError(f"an input cannot be given to a program: {error}") from None
        reports, spent = self._job([_order("calls", program, inputs=given)], "", limits)
        execution = replace(spent, outcomes=call_outcomes(reports[0], len(inputs)))
        return _undoubted(execution, reports)

    def _run_programs(self, program: Program, inputs: Sequence[Any], limits: Limits) -> Execution:
        reports: list[dict[str, Any]] = []
        cpu = wall = 0.0
        for stdin in inputs:
            (report,), spent = self._job([_order("program", program)], stdin, limits)
            reports.append(report)
            cpu, wall = cpu + spent.cpu_seconds, wall + spent.wall_seconds
        outcomes = tuple(program_outcome(report) for report in reports)
        return _undoubted(Execution(outcomes, cpu, wall, self.image), reports)

    def check(self, program: Program, checker: str, limits: Limits) -> Execution:
        """The program in one process, what asks it in another; one outcome.

        Raises:
            BrokenWorker: the runner must be replaced.
        """
        name = (program.entry_point or "").rpartition(".")[2]
        asking = _order("check", Program(checker, name), result=limits.result_bytes)
        (answers, checks), spent = self._job([_order("answer", program), asking], "", limits)
        execution = replace(spent, outcomes=(check_outcome(answers, checks),))
        return _undoubted(execution, [answers, checks])

    def _job(
        self, jobs: list[dict[str, Any]], stdin: str, limits: Limits
    ) -> tuple[list[dict[str, Any]], Execution]:
        """A report of every process, and what they took together."""
        id = os.urandom(16).hex()
        self.processes += len(jobs)
        head = {
            "id": id,
            "stdin": stdin,
            "cpu": limits.cpu_seconds,
            "wall": limits.wall_seconds,
            "memory": limits.memory_bytes,
            "stack": min(limits.stack_bytes, limits.memory_bytes),
            "output": limits.output_bytes,
            "result": limits.result_bytes,
            "threads": limits.threads,
        }
        frame = "\n".join(json.dumps(line) for line in (head, *jobs)).encode()
        if len(frame) > limits.input_bytes + limits.code_bytes:
            most = f"input_bytes is {limits.input_bytes}"
            raise SandboxError(f"{len(frame)} bytes are too much to give to a program: {most}")
        seconds = PATIENCE * limits.wall_seconds + GRACE
        try:
            self._pipe.send(struct.pack(">I", len(frame)) + frame, seconds)
        except OSError as error:
            raise BrokenWorker(f"it cannot be written to: {error}") from error
        report = self._read_frame(seconds, len(jobs) * _longest(limits))
        if report.get("id") != id:
            raise BrokenWorker("it answered another job than it was given")
        processes = _processes(report, len(jobs))
        if report["dirty"]:
            raise BrokenWorker("a program left a process behind")
        # One whose checker had ended may have been told to go before it had begun.
        if not all(process["confined"] or process["killed"] == "done" for process in processes):
            raise BrokenWorker("a program could not be confined, and was not run")
        for process in processes:
            process.update(cpu_limit=limits.cpu_seconds, wall=report["wall"])
        cpu = sum(process["cpu"] for process in processes)
        return processes, Execution((), cpu, report["wall"], self.image)

    def _read_frame(self, timeout: float, most: int) -> dict[str, Any]:
        try:
            (size,) = struct.unpack(">I", self._pipe.receive(4, timeout))
            if size > most:
                raise ValueError(f"it announces {size} bytes")
            report: dict[str, Any] = json.loads(self._pipe.receive(size, timeout))
            if type(report) is not dict:
                raise ValueError("it is no object")
        except (OSError, ValueError, RecursionError) as error:
            raise BrokenWorker(f"no report: {error or type(error).__name__}") from error
        return report


def _order(kind: str, program: Program, **more: Any) -> dict[str, Any]:
    """What one process is told to do."""
    told = {"kind": kind, "code": program.code, "header": program.header}
    return {**told, "entry": program.entry_point, **more}


def _processes(report: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """What a report says of so many processes. Raises BrokenWorker if it does not."""
    processes = report.get("processes")
    if not report.keys() >= REPORT or type(processes) is not list or len(processes) != count:
        raise BrokenWorker("its report lacks something")
    if any(type(process) is not dict or not process.keys() >= PROCESS for process in processes):
        raise BrokenWorker("its report of a program lacks something")
    return processes


def _undoubted(execution: Execution, reports: Sequence[dict[str, Any]]) -> Execution:
    """The execution, or `Killed` if something killed one of its processes that was not ours."""
    for report in reports:
        unexplained = report["signal"] == signal.SIGKILL and report["killed"] is None
        if unexplained and report["cpu"] < report["cpu_limit"]:
            raise Killed(execution)
    return execution


def _longest(limits: Limits) -> int:
    """Bytes of a report on one process: six for each of its own, as JSON may write it."""
    return CHUNK + 6 * (limits.output_bytes + limits.result_bytes)
