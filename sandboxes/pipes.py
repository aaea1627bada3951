"""How bytes get to a runner and back: over a socket, or over a container's attached streams."""

import socket
import struct
from typing import Protocol

CHUNK = 2**16


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


class SocketPipe:
    """A runner behind one stream socket."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._buffer = bytearray()
        """What has been read and not been asked for."""

    def send(self, data: bytes, timeout: float) -> None:
        """See `Pipe.send`."""
        self._wait_at_most(timeout)
        self._stream.sendall(data)

    def receive(self, size: int, timeout: float) -> bytes:
        """See `Pipe.receive`."""
        self._wait_at_most(timeout)
        while len(self._buffer) < size:
            self._buffer += self._part()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _wait_at_most(self, timeout: float) -> None:
        if self._stream.gettimeout() != timeout:  # to set it is a system call
            self._stream.settimeout(timeout)

    def _part(self) -> bytes:
        """Some of what comes next."""
        part = self._stream.recv(CHUNK)
        if not part:
            raise ConnectionError("it has ended")
        return part

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
        self._left = 0
        """Bytes to come of the chunk that is being read."""
        self._ours = False
        """Whether it is standard output; what a runner says on standard error is not ours."""
        self._head = b""

    def _part(self) -> bytes:
        data, found = super()._part(), b""
        while data:
            if self._left:
                chunk, data = data[: self._left], data[self._left :]
                self._left -= len(chunk)
                found += chunk if self._ours else b""
            else:
                missing = 8 - len(self._head)
                self._head, data = self._head + data[:missing], data[missing:]
                if len(self._head) == 8:
                    self._ours = self._head[0] == 1
                    (self._left,) = struct.unpack(">I", self._head[4:])
                    self._head = b""
        return found

    def close(self) -> None:
        """See `Pipe.close`."""
        super().close()
        self._holder.close()
