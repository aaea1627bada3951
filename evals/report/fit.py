"""How much of each task's search a page has room for.

Every search is packed whole, to a temporary file. While together they are too much for the page,
those above a bound that all can have are packed anew, each with a level less in it.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from .embed import packed

Place = tuple[int, int]
"""A run and a task, by their places in the page."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A packed search, as it stands in the file."""

    level: int
    """How much of it is shown: a place in the list of levels."""
    start: int
    size: int


class Spill:
    """Packed searches on disk, until it is known how much there is of them."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        self.blobs: dict[Place, Blob] = {}

    def put(self, place: Place, level: int, search: object) -> None:
        """Pack a search, in the place of what was there of it."""
        data = packed(search).encode()
        start = self._file.seek(0, 2)
        self._file.write(data)
        self.blobs[place] = Blob(level, start, len(data))

    def read(self, place: Place) -> str:
        """What is packed there."""
        blob = self.blobs[place]
        self._file.seek(blob.start)
        return self._file.read(blob.size).decode()

    def larger(self, room: int) -> set[Place]:
        """Those that are above the bound for all; none where all fit."""
        most = bound([blob.size for blob in self.blobs.values()], room)
        if most is None:
            return set()
        return {place for place, blob in self.blobs.items() if blob.size > most}

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
