"""Frames between the host and the controller: four bytes of length, then that much."""

from __future__ import annotations

import os
import struct

CHUNK = 65536


def read_frame(fd: int) -> bytes | None:
    """The next frame from a blocking descriptor; None at the end of input."""
    head = _read_exactly(fd, 4)
    return None if head is None else _read_exactly(fd, struct.unpack(">I", head)[0])


def write_frame(fd: int, data: bytes) -> None:
    """The whole frame, however long the reader takes."""
    view = memoryview(struct.pack(">I", len(data)) + data)
    while view:
        view = view[os.write(fd, view) :]


def _read_exactly(fd: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = os.read(fd, min(16 * CHUNK, size))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
