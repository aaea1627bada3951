"""The program in the container: runs one job at a time and reports what became of it.

    host ⇄ controller (PID 1) ⇄ zygote ─ fork ─ candidate

The controller speaks with the host over standard input and output, in frames (four bytes of length,
then JSON). The zygote is forked from it before the first job and never sees a job's bytes, so a
candidate finds none in the memory it inherits. The candidate gets its own uid, limits and
pipes before it reads its job, and the controller only relays bounded bytes: what they are worth is
for the host to say.

The controller ends when its standard input does, also while a candidate spins; being PID 1, it
takes every process of the container with it.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import time
from typing import Any, NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
# In the image values.py lies beside this file; on the host it is in tasks/.
sys.path[:0] = [HERE, os.environ.get("PONDER_VALUES", HERE)]
os.environ.clear()
# Whatever candidates commonly import is loaded once, before any of them: a fork shares it.
import bisect, collections, functools, heapq, io, itertools, math, random, re, string  # noqa: E401, E402, F401, I001
import decimal, fractions, operator, statistics, types  # noqa: E401, E402, F401

import candidate  # type: ignore[import-not-found]  # noqa: E402

CHUNK = 65536
DRAIN_SECONDS = 1.0
CONFINED = b"confined\n"
"""What a candidate's process writes to its results before any byte of the candidate runs."""
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38


# --- frames -----------------------------------------------------------------------------------


def read_exactly(fd: int, size: int) -> bytes | None:
    """Bytes from a blocking descriptor; None at its end."""
    data = b""
    while len(data) < size:
        part = os.read(fd, min(CHUNK, size - len(data)))
        if not part:
            return None
        data += part
    return data


def read_frame(fd: int) -> bytes | None:
    """The next frame; None at the end of input."""
    head = read_exactly(fd, 4)
    return None if head is None else read_exactly(fd, struct.unpack(">I", head)[0])


def write_frame(fd: int, data: bytes) -> None:
    """The whole frame, however long the reader takes."""
    view = memoryview(struct.pack(">I", len(data)) + data)
    while view:
        view = view[os.write(fd, view) :]


# --- zygote -----------------------------------------------------------------------------------


def zygote(channel: socket.socket, confined: bool) -> NoReturn:
    """Fork a candidate for every request until the controller is gone. Sees no job."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    gc.collect()
    gc.freeze()
    while True:
        data, fds, _, _ = socket.recv_fds(channel, 4096, 4)
        if not data:
            os._exit(0)
        order = json.loads(data)
        pid = os.fork()
        if pid == 0:
            become_candidate(fds, order, confined)
        for fd in fds:
            os.close(fd)
        channel.send(json.dumps({"pid": pid}).encode())
        _, status, used = os.wait4(pid, 0)
        cpu = used.ru_utime + used.ru_stime
        channel.send(json.dumps({"status": status, "cpu": cpu}).encode())


def become_candidate(fds: list[int], order: dict[str, Any], confined: bool) -> NoReturn:
    """Give up everything, then read the job and run it. Never returns."""
    try:
        os.setsid()
        place_descriptors(fds)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if confined:
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("1000")
        limit(order, confined)
        if confined:
            os.setgroups([])
            os.setgid(order["uid"])
            os.setuid(order["uid"])
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        prctl(PR_SET_DUMPABLE, 0)
        # The seccomp filter belongs here: after the last privileged step, before the first byte of
        # the job.
        os.write(4, CONFINED)
    except BaseException:
        os._exit(125)  # not confined, so the candidate must not run
    candidate.main(3, 4)
    os._exit(0)


def place_descriptors(fds: list[int]) -> None:
    """0: its input, 1 and 2: its output, 3: the job, 4: its results; everything else is closed."""
    stdin, out, job, results = fds
    # First out of the way of the numbers they are to have.
    stdin, out, job, results = (
        os.dup2(fd, 20 + i) for i, fd in enumerate((stdin, out, job, results))
    )
    for number, fd in enumerate((stdin, out, out, job, results)):
        os.dup2(fd, number)
    os.closerange(5, 4096)


def limit(order: dict[str, Any], confined: bool) -> None:
    """Set the limits that hold for the candidate's process."""
    cpu = max(1, int(order["cpu"] + 0.999))
    limits = {
        "RLIMIT_AS": order["memory"],
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": 32,
        "RLIMIT_CORE": 0,
        "RLIMIT_STACK": min(order["memory"] // 2, 64 * 2**20),
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    if confined:
        # Counts a uid's threads, so it only means this candidate where the uid is its own.
        limits["RLIMIT_NPROC"] = order["threads"]
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))


def prctl(option: int, value: int) -> None:
    """Raises OSError if the kernel refuses."""
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


# --- controller -------------------------------------------------------------------------------


class Controller:
    """Runs jobs for the host, one at a time."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.confined = not options.local
        self.first_uid, self.uids = options.first_uid, options.uids
        self.jobs = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.zygote = os.fork()
        if self.zygote == 0:
            ours.close()
            zygote(theirs, self.confined)
        theirs.close()
        self.channel = ours
        prctl(PR_SET_DUMPABLE, 0)

    def serve(self) -> None:
        """Until the host is gone."""
        write_frame(1, json.dumps({"ready": sys.version.split()[0]}).encode())
        while True:
            frame = read_frame(0)
            if frame is None:
                return
            head, _, job = frame.partition(b"\n")
            report = self.run(json.loads(head), job)
            if report is None:
                return
            write_frame(1, json.dumps(report).encode())

    def run(self, head: dict[str, Any], job: bytes) -> dict[str, Any] | None:
        """What became of the job, or None if the host has gone."""
        uid = self.first_uid + self.jobs % self.uids
        self.jobs += 1
        pipes = Pipes(head, job)
        order = {"uid": uid, **{key: head[key] for key in ("cpu", "memory", "threads")}}
        socket.send_fds(self.channel, [json.dumps(order).encode()], pipes.theirs)
        pipes.close_theirs()
        pid = json.loads(self.channel.recv(4096))["pid"]
        started = time.monotonic()
        killed, gone = self.relay(pipes, pid, started + head["wall"], head)
        if gone:
            return None
        ended = json.loads(self.channel.recv(4096))
        wall = time.monotonic() - started
        clean = self.sweep(uid)
        pipes.drain(head)
        status, results = ended["status"], bytes(pipes.read["results"])
        return {
            "id": head["id"],
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "killed": killed or pipes.over(head),
            "cpu": ended["cpu"],
            "wall": wall,
            "out": bytes(pipes.read["out"][: head["output"]]).decode("utf-8", "replace"),
            "confined": results.startswith(CONFINED),
            "results": results[len(CONFINED) :][: head["result"]].decode("utf-8", "replace"),
            "dirty": not clean,
        }

    def relay(
        self, pipes: Pipes, pid: int, deadline: float, head: dict[str, Any]
    ) -> tuple[str | None, bool]:
        """Feed and read the candidate until it ends; (why it was killed, whether the host left)."""
        killed = None
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ, "host")
            selector.register(self.channel, selectors.EVENT_READ, "ended")
            pipes.register(selector)
            while True:
                ready = selector.select(
                    max(0.0, deadline - time.monotonic()) if not killed else None
                )
                names = [key.data for key, _ in ready]
                if "host" in names:
                    return killed, True  # the end of input: nobody waits for an answer any more
                for key, _ in ready:
                    pipes.move(key.data, selector)
                if "ended" in names:
                    return killed, False
                if killed is None:
                    killed = pipes.over(head) or ("wall" if time.monotonic() >= deadline else None)
                    if killed:
                        self.kill(pid)

    def kill(self, pid: int) -> None:
        """End the candidate and what shares its process group."""
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)

    def sweep(self, uid: int) -> bool:
        """Kill what a candidate left behind; whether nothing is left."""
        if not self.confined:
            return True
        for _ in range(20):
            self.reap()
            if not self.strays():
                return True
            killer = os.fork()
            if killer == 0:
                try:
                    os.setuid(uid)
                    os.kill(-1, signal.SIGKILL)
                finally:
                    os._exit(0)
            os.waitpid(killer, 0)
            time.sleep(0.005)
        return False

    def strays(self) -> list[str]:
        """Processes that should not be here."""
        ours = {1, os.getpid(), self.zygote}
        return [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in ours]

    def reap(self) -> None:
        """Orphans become children of PID 1."""
        try:
            while True:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == self.zygote:
                    os._exit(70)  # without it no job can be run; the host replaces the container
                if pid == 0:
                    return
        except ChildProcessError:
            pass


class Pipes:
    """The candidate's four pipes, and what went through them."""

    def __init__(self, head: dict[str, Any], job: bytes) -> None:
        stdin, job_fds, out, results = os.pipe(), os.pipe(), os.pipe(), os.pipe()
        self.theirs = [stdin[0], out[1], job_fds[0], results[1]]
        self.fds = {"stdin": stdin[1], "job": job_fds[1], "out": out[0], "results": results[0]}
        for fd in self.fds.values():
            os.set_blocking(fd, False)
        self.write = {"job": memoryview(job), "stdin": memoryview(head["stdin"].encode())}
        self.read = {"out": bytearray(), "results": bytearray()}

    def close_theirs(self) -> None:
        """The candidate has them now."""
        for fd in self.theirs:
            os.close(fd)

    def register(self, selector: selectors.BaseSelector) -> None:
        """Have the selector wake for each of them."""
        for name in self.write:
            selector.register(self.fds[name], selectors.EVENT_WRITE, name)
        for name in self.read:
            selector.register(self.fds[name], selectors.EVENT_READ, name)

    def move(self, name: str, selector: selectors.BaseSelector) -> None:
        """Write to, or read from, the pipe that is ready."""
        if (name in self.write and not self._push(name)) or (
            name in self.read and not self._pull(name)
        ):
            selector.unregister(self.fds[name])
            os.close(self.fds.pop(name))

    def _push(self, name: str) -> bool:
        """Write some; whether there is more to come."""
        data = self.write[name]
        try:
            if data:
                self.write[name] = data = data[os.write(self.fds[name], data[:CHUNK]) :]
            return len(data) > 0
        except BlockingIOError:
            return True
        except OSError:
            return False  # the candidate has closed it

    def _pull(self, name: str) -> bool:
        """Read some; whether there may be more to come."""
        try:
            data = os.read(self.fds[name], CHUNK)
        except BlockingIOError:
            return True
        self.read[name] += data
        return bool(data)

    def over(self, head: dict[str, Any]) -> str | None:
        """Which limit the candidate's words exceed, if any."""
        if len(self.read["out"]) > head["output"]:
            return "output"
        most = len(CONFINED) + head["result"]
        return "result" if len(self.read["results"]) > most else None

    def drain(self, head: dict[str, Any]) -> None:
        """Read what is left after the candidate has ended, and close everything."""
        until = time.monotonic() + DRAIN_SECONDS
        for name in self.read:
            while name in self.fds and not self.over(head) and time.monotonic() < until:
                before = len(self.read[name])
                if not self._pull(name) or len(self.read[name]) == before:
                    break
        for fd in self.fds.values():
            os.close(fd)
        self.fds.clear()


def main() -> None:
    """Serve the host."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--first-uid", type=int, default=0)
    parser.add_argument("--uids", type=int, default=1)
    parser.add_argument("--local", action="store_true", help="no uids, no sweep: not a boundary")
    Controller(parser.parse_args()).serve()


if __name__ == "__main__":
    main()
