"""The program in the sandbox: runs one job at a time and reports what became of it.

    host ⇄ controller (PID 1) ⇄ zygote ─ fork ─ candidate

The controller speaks with the host over standard input and output, in frames. The zygote makes a
candidate's process for every job, with its own uid, limits, filter and pipes before it reads a byte
of the job; the controller only relays bounded bytes. What they are worth is for the host to say.

The controller ends when its standard input does, also while a candidate spins; being PID 1, it
takes every process of the sandbox with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any, Sequence  # noqa: UP035  Python 3.9

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = "/ponder/packages"
DOOR = "/ponder/door/s"
# In the image values.py lies beside this file; on the host it is in tasks/.
sys.path[:0] = [HERE, os.environ.get("PONDER_VALUES", HERE)]
sys.path.append(PACKAGES)
os.environ.clear()
# A numerical library's threads would fall under the limit on threads and buy nothing.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
# Whatever candidates commonly import is loaded once, before any of them: a fork shares it.
import bisect, collections, functools, heapq, io, itertools, math, random, re, string  # noqa: E401, E402, F401, I001
import decimal, fractions, operator, statistics, types, typing, datetime, copy  # noqa: E401, E402, F401

import zygote  # type: ignore[import-not-found]  # noqa: E402
from frames import read_frame, write_frame  # type: ignore[import-not-found]  # noqa: E402
from streams import Pipes  # type: ignore[import-not-found]  # noqa: E402

DRAIN_SECONDS = 1.0
QUICK = 5
"""Milliseconds in which a program is left alone."""
STARVED = 2.0
"""A program that waits for a core has up to this many times its wall seconds in addition."""


class Controller:
    """Runs jobs for the host, one at a time."""

    def __init__(
        self, first_uid: int = 0, uids: int = 1, local: bool = False, without: Sequence[str] = ()
    ) -> None:
        """Candidates get `uids` uids in turn. A local one is no boundary: it has limits only. Walls
        that are left out are so for tests."""
        self.local = local
        self.walls = zygote.Walls([*without, "filter", "uid"] if local else without)
        self.first_uid, self.uids, self.used = first_uid, uids, 0
        self.seen: list[bytes] = []
        self.zygote, self.channel = self.start_zygote()
        if not self.local:
            zygote.prctl(zygote.PR_SET_DUMPABLE, int(not self.walls.undumpable))

    def start_zygote(self) -> tuple[int, socket.socket]:
        """Its pid, and how to speak with it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.fork()
        if pid == 0:
            ours.close()
            try:
                zygote.serve(theirs, self.walls)
            finally:
                os._exit(70)
        theirs.close()
        said = ours.recv(4096)
        if said != zygote.READY:
            write_frame(1, json.dumps({"broken": said.decode() or "the zygote died"}).encode())
            sys.exit(1)
        return pid, ours

    def renew_zygote(self, frame: bytes) -> None:
        """For tests alone: one that has seen what the controller has, which is as a server that
        forks by itself and keeps what it was given."""
        self.channel.close()
        os.waitpid(self.zygote, 0)
        self.zygote, self.channel = self.start_zygote()
        self.seen.append(frame)

    def serve(self) -> None:
        """Until the host is gone."""
        write_frame(1, json.dumps({"ready": sys.version.split()[0]}).encode())
        while True:
            frame = read_frame(0)
            if frame is None:
                return
            head, *jobs = frame.split(b"\n")
            if not self.walls.zygote:
                self.renew_zygote(frame)
            report = self.run(json.loads(head), jobs)
            if report is None:
                return
            write_frame(1, json.dumps(report).encode())

    def run(self, head: dict[str, Any], jobs: list[bytes]) -> dict[str, Any] | None:
        """What became of the job's processes, or None if the host has gone."""
        pipes = [Pipes(head, job) for job in jobs]
        limits = (head["cpu"], head["memory"], head["stack"], self.threads(head["threads"]))
        order = zygote.ORDER.pack(len(jobs), self.next_uids(len(jobs)), *limits)
        theirs = [fd for one in pipes for fd in one.theirs]
        theirs += crossed() if len(jobs) == 2 else []
        socket.send_fds(self.channel, [order], theirs)
        for fd in theirs:
            os.close(fd)
        started = time.monotonic()
        processes = [Process(zygote.STARTED.unpack(self.heard())[0], one) for one in pipes]
        gone = self.relay(processes, started, head)
        if gone:
            return None
        wall = time.monotonic() - started
        return {
            "id": head["id"],
            "wall": wall,
            "processes": [process.report(head) for process in processes],
            "dirty": bool(self.strays()),
        }

    def next_uids(self, count: int) -> int:
        """The first of some that no candidate of this container had before."""
        if self.used + count > self.uids:
            self.used = 0
        self.used += count
        return self.first_uid + self.used - count

    def threads(self, asked: int) -> int:
        """The limit counts a uid's threads: bubblewrap's, the controller's and the zygote's too,
        unless every candidate has a uid of its own. A local runner's uid is the user's: no limit.
        """
        if self.local:
            return 0
        return asked if self.walls.uid else asked + 4

    def relay(self, processes: list[Process], started: float, head: dict[str, Any]) -> bool:
        """Feed and read the candidates until all have ended; whether the host has gone."""
        poll = select.poll()
        channel = self.channel.fileno()
        poll.register(channel, select.POLLIN)
        if self.walls.end_of_input:
            poll.register(0, select.POLLIN)
        owners = {}
        if not poll.poll(QUICK):  # most are done by then, and all they said waits in their pipes
            owners = {fd: process for process in processes for fd in process.pipes.register(poll)}
        deadline = Deadline(started, head["wall"])
        while True:
            for fd, _ in poll.poll(deadline.left()):
                if fd == 0:
                    return True  # the end of input: nobody waits for an answer any more
                if fd == channel:
                    if self.hear(processes):
                        return False
                elif fd in owners:
                    owners[fd].pipes.move(fd, poll)
            for process in processes:
                if over := process.pipes.over(head):
                    process.kill(over)
            if deadline.passed(processes):
                for process in processes:
                    process.kill("wall")

    def hear(self, processes: list[Process]) -> bool:
        """Which process has ended, and how; whether it was the last."""
        pid, status, cpu = zygote.ENDED.unpack(self.heard())
        for process in processes:
            if process.pid == pid:
                process.status, process.cpu = status, cpu
        if processes[-1].status is not None:
            processes[0].kill("done")  # nobody asks it any more
        return all(process.status is not None for process in processes)

    def heard(self) -> bytes:
        """A message of the zygote's."""
        data = self.channel.recv(4096)
        if not data:
            os._exit(70)  # without it no job can be run; the host replaces this container
        return data

    def strays(self) -> list[str]:
        """Processes that should not be here. There are none unless a wall has a hole: the host
        replaces the container then."""
        if self.local:
            return []
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0] not in (0, self.zygote):
                pass
        ours = {1, os.getpid(), self.zygote}
        return [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in ours]


class Deadline:
    """When a job's time is over: its wall seconds after its start, not counting those in which it
    was ready to run and had no core, up to `STARVED` times as many."""

    def __init__(self, started: float, wall: float) -> None:
        self.at = self.earliest = started + wall
        self.latest = self.earliest + STARVED * wall
        self.over = False

    def left(self) -> float | None:
        """Milliseconds; None once it has passed."""
        return None if self.over else 1000 * max(0.0, self.at - time.monotonic())

    def passed(self, processes: list[Process]) -> bool:
        """Whether it passes now."""
        if self.over or time.monotonic() < self.at:
            return False
        self.at = min(self.latest, self.earliest + max(map(waited, processes)))
        self.over = time.monotonic() >= self.at
        return self.over


class Process:
    """A candidate, as the controller knows it."""

    def __init__(self, pid: int, pipes: Pipes) -> None:
        self.pid, self.pipes = pid, pipes
        self.status: int | None = None
        self.cpu = 0.0
        self.killed: str | None = None

    def kill(self, why: str) -> None:
        """End it and what shares its process group."""
        if self.status is not None or self.killed is not None:
            return
        self.killed = why
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)

    def report(self, head: dict[str, Any]) -> dict[str, Any]:
        """What became of it, for the host."""
        self.pipes.drain(head, DRAIN_SECONDS)
        status, results = self.status or 0, bytes(self.pipes.results)
        confined = results.startswith(zygote.CONFINED)
        results = results[len(zygote.CONFINED) :][: head["result"]]
        return {
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "killed": self.killed or self.pipes.over(head),
            "cpu": self.cpu,
            "out": bytes(self.pipes.out[: head["output"]]).decode("utf-8", "replace"),
            "confined": confined,
            "results": results.decode("utf-8", "replace"),
        }


def crossed() -> list[int]:
    """Two pipes between two processes: what the first hears and tells, then the second."""
    questions, answers = os.pipe(), os.pipe()
    return [questions[0], answers[1], answers[0], questions[1]]


def waited(process: Process) -> float:
    """Seconds that a process was ready to run and had no core: a busy machine is not its fault."""
    try:
        with open(f"/proc/{process.pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def enter(door: bool) -> None:
    """Speak with the host over a socket of its own, where there is one, instead of through the
    engine. Raises OSError if nobody is there."""
    if door:
        with socket.socket(socket.AF_UNIX) as host:
            host.connect(DOOR)
            for fd in (0, 1):
                os.dup2(host.fileno(), fd)


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    enter(options.pop("door", False))
    Controller(**options).serve()
