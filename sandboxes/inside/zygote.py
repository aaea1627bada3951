"""Makes candidates: forks on request; each child gives up everything before it reads its job.

It is forked from the controller before the first job and never sees a job's bytes, so a candidate
finds none in the memory it inherits.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import signal
import socket
import struct
from resource import RLIMIT_AS, RLIMIT_CPU, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_STACK, setrlimit
from typing import NamedTuple, NoReturn, Sequence  # noqa: UP035  Python 3.9

import candidate  # type: ignore[import-not-found]  # lies beside this file in the image
import syscalls  # type: ignore[import-not-found]

CONFINED = b"confined\n"
"""What a candidate's process writes to its results before any byte of the candidate runs."""
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
M_ARENA_MAX = -8
READY = b"ready"
OPEN, PENDING = 32, 64
"""Descriptors, and signals and timers, that a candidate may have."""
PIPES = 4
"""Descriptors of one candidate: standard input, output, the job, the results."""

ORDER, STARTED, ENDED = struct.Struct("=IIdQQI"), struct.Struct("=I"), struct.Struct("=IId")
"""What the zygote is told (an `Order`), and what it tells: a pid; a pid, how it ended, its CPU."""

libc = ctypes.CDLL(None, use_errno=True)


class Order(NamedTuple):
    """A request for candidates."""

    processes: int
    uid: int
    """The first one's; the others' follow."""
    cpu: float
    memory: int
    stack: int
    threads: int
    """0: as many as the machine allows."""


class Walls:
    """What is put around a candidate. All of it, but for tests that show what each wall is for, and
    for the local runner, which has no right to most of it."""

    NAMES = ("filter", "uid", "undumpable", "limits", "zygote", "end of input")

    def __init__(self, without: Sequence[str]) -> None:
        self.filter, self.uid, self.undumpable, self.limits, self.zygote, self.end_of_input = (
            name not in without for name in self.NAMES
        )


def serve(channel: socket.socket, walls: Walls) -> NoReturn:
    """Fork for every order until the controller is gone."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2)
    os.close(null)
    candidate.prepare()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        own_filter = give_up(walls)
    except OSError as error:
        channel.send(f"programs cannot be confined: {error}".encode())
        os._exit(1)
    channel.send(READY)
    gc.collect()
    gc.freeze()
    while True:
        data, fds, _, _ = socket.recv_fds(channel, 4096, 16)
        if not data:
            os._exit(0)
        order = Order(*ORDER.unpack(data))
        for index in range(order.processes):
            pid = os.fork()
            if pid == 0:
                become_candidate(fds, index, order, walls, own_filter)
            channel.send(STARTED.pack(pid))
        for fd in fds:
            os.close(fd)
        for _ in range(order.processes):
            pid, status, used = os.wait4(-1, 0)
            channel.send(ENDED.pack(pid, status, used.ru_utime + used.ru_stime))


def give_up(walls: Walls) -> syscalls.Filter | None:
    """What every candidate is to lack and the zygote needs not itself; the rest of the filter."""
    if walls.limits:
        for what in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
            resource.setrlimit(what, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_SIGPENDING, (PENDING, PENDING))
        if hasattr(libc, "mallopt"):
            # Else every thread takes 64 MiB of address space for what it allocates.
            libc.mallopt(M_ARENA_MAX, 1)
    if walls.uid:
        os.setgroups([])
    # If the container's memory ends, a candidate goes first and the controller last.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if walls.uid:
        drop_inheritable()
    if walls.undumpable:
        prctl(PR_SET_DUMPABLE, 0)  # where all share a uid, a candidate could read the zygote
    if not walls.filter:
        return None
    first, second = (
        syscalls.Filter(syscalls.for_zygote()),
        syscalls.Filter(syscalls.for_candidate()),
    )
    first.load(libc, os.getpid())
    return second


def become_candidate(
    fds: list[int], index: int, order: Order, walls: Walls, own_filter: syscalls.Filter | None
) -> NoReturn:
    """Give up everything, then read the job and run it. Never returns."""
    try:
        os.setsid()
        place_descriptors(fds, index, order.processes)
        if walls.limits:
            limit(order)
        if walls.uid:
            os.setgid(order.uid + index)
            os.setuid(order.uid + index)
        if walls.undumpable:
            prctl(PR_SET_DUMPABLE, 0)
        if own_filter:
            # After the last privileged step, before the first byte of the job.
            own_filter.load(libc, os.getpid())
        os.write(4, CONFINED)
    except BaseException:
        os._exit(125)  # not confined, so the candidate must not run
    try:
        candidate.main()
    finally:
        os._exit(1)


def place_descriptors(fds: list[int], index: int, processes: int) -> None:
    """0: its input, 1: its output, 2: nowhere, 3: the job, 4: its results; where it talks with
    another process, 5: what that one says, 6: what that one hears. Everything else is closed."""
    stdin, out, job, results = fds[index * PIPES : (index + 1) * PIPES]
    pair = fds[processes * PIPES :][2 * index : 2 * index + 2]
    # Opened anew: flags and locks of one that all share would tell the next what this one set.
    nowhere = os.open(os.devnull, os.O_RDWR)
    wanted = [stdin, out, nowhere, job, results, *pair]
    # First out of the way of the numbers they are to have.
    for number, fd in enumerate([os.dup2(fd, 40 + i) for i, fd in enumerate(wanted)]):
        os.dup2(fd, number)
    os.closerange(len(wanted), 4096)


def limit(order: Order) -> None:
    """Set the limits that a job decides, and those that the zygote itself could not live with."""
    cpu = max(1, int(order.cpu + 0.999))
    setrlimit(RLIMIT_AS, (order.memory, order.memory))
    setrlimit(RLIMIT_STACK, (order.stack, order.stack))
    setrlimit(RLIMIT_NOFILE, (OPEN, OPEN))
    if order.threads:
        setrlimit(RLIMIT_NPROC, (order.threads, order.threads))
    setrlimit(RLIMIT_CPU, (cpu, cpu + 1))


def drop_inheritable() -> None:
    """No capability passes to another program, if one could ever be run. Raises OSError."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3, this process
    data = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    if libc.capget(header, data) == 0:
        data[2] = data[5] = 0
        if libc.capset(header, data) == 0:
            return
    raise OSError(ctypes.get_errno(), "capset")


def prctl(option: int, value: int) -> None:
    """Raises OSError if the kernel refuses."""
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
