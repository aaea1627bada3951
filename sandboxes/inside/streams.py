"""One candidate's pipes, as the controller holds them: what it is given, what it says."""

from __future__ import annotations

import os
import select
import time
from typing import Any

from frames import CHUNK  # type: ignore[import-not-found]  # lies beside this file in the image
from zygote import CONFINED  # type: ignore[import-not-found]


class Pipes:
    """Its standard input, its job, its output and its results. Whatever it says is bounded."""

    def __init__(self, head: dict[str, Any], job: bytes) -> None:
        out, results = os.pipe(), os.pipe()
        self.out, self.results = bytearray(), bytearray()
        self._write: dict[int, memoryview] = {}
        self._read = {out[0]: self.out, results[0]: self.results}
        for fd in self._read:
            os.set_blocking(fd, False)
        stdin, jobs = self._given(head["stdin"].encode("utf-8", "replace")), self._given(job)
        # For programs that open /dev/stdin and /dev/stdout: the uid is theirs, the pipes are ours.
        os.fchmod(stdin, 0o444)
        os.fchmod(out[1], 0o222)
        self.theirs = [stdin, out[1], jobs, results[1]]

    def _given(self, data: bytes) -> int:
        """The end that it reads this from. Most of it fits into a pipe before anybody reads; the
        rest waits, also where a machine with many pipes has little room for each."""
        theirs, ours = os.pipe()
        os.set_blocking(ours, False)
        self._write[ours] = memoryview(data)
        self._push(ours)
        return theirs

    def register(self, poll: select.poll) -> list[int]:
        """Have it wake for each of them, which are returned."""
        for fd in self._write:
            poll.register(fd, select.POLLOUT)
        for fd in self._read:
            poll.register(fd, select.POLLIN)
        return [*self._write, *self._read]

    def move(self, fd: int, poll: select.poll) -> None:
        """Write to, or read from, the one that is ready."""
        ours = self._push(fd) if fd in self._write else self._pull(fd)
        if not ours:
            poll.unregister(fd)

    def _push(self, fd: int) -> bool:
        """Write some; whether there is more to come."""
        data = self._write[fd]
        try:
            if data:
                self._write[fd] = data = data[os.write(fd, data[:CHUNK]) :]
        except BlockingIOError:
            return True
        except OSError:
            data = data[:0]  # the candidate has closed it
        if not data:
            del self._write[fd]
            os.close(fd)
        return len(data) > 0

    def _pull(self, fd: int) -> bool:
        """Read some; whether there may be more to come."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return True
        self._read[fd] += data
        if not data:
            del self._read[fd]
            os.close(fd)
        return bool(data)

    def over(self, head: dict[str, Any]) -> str | None:
        """Which limit the candidate's words exceed, if any."""
        if len(self.out) > head["output"]:
            return "output"
        return "result" if len(self.results) > len(CONFINED) + head["result"] else None

    def drain(self, head: dict[str, Any], seconds: float) -> None:
        """Read what is left after the candidate has ended, and close everything."""
        until = time.monotonic() + seconds
        for fd, data in list(self._read.items()):
            while not self.over(head) and time.monotonic() < until:
                before = len(data)
                if not self._pull(fd) or len(data) == before:
                    break
        for fd in [*self._write, *self._read]:
            os.close(fd)
        self._write, self._read = {}, {}
