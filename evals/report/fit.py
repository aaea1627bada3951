"""How much of each task's search a page has room for.

Every search is packed whole, to a temporary file. If together they are too much for the page, the
largest are packed anew with less in them: no task has more than a bound that all can have.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from .embed import packed
from .thoughts import LEVELS, Level

Pack = Callable[[Level], str]
"""A search, packed, at that level."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A packed search, as it stands in the file."""

    run: int
    task: int
    start: int
    size: int


class Spill:
    """Packed searches on disk, until it is known how much there is of them."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        self.blobs: list[Blob] = []

    def add(self, run: int, task: int, search: object) -> None:
        """Pack another."""
        data = packed(search).encode()
        start = self._file.seek(0, 2)
        self._file.write(data)
        self.blobs.append(Blob(run, task, start, len(data)))

    def read(self, blob: Blob) -> str:
        """One of them."""
        self._file.seek(blob.start)
        return self._file.read(blob.size).decode()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def bound(sizes: Sequence[int], room: int) -> int | None:
    """The largest size that all may have, so that together they fit; None where they fit as they
    are. What the small do not take, the large share."""
    if sum(sizes) <= room:
        return None
    left = room
    for place, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - place)
        if size > share:
            return share
        left -= size
    return None


def within(pack: Pack, most: int, levels: Sequence[Level] = LEVELS) -> tuple[str, str] | None:
    """The first level that is no larger than `most`, and its text; None where none is."""
    for level in levels:
        text = pack(level)
        if len(text) <= most:
            return level.name, text
    return None
