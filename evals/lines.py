"""Files that grow by a line at a time, and what a process that is killed leaves of the last."""

from pathlib import Path
from typing import IO


def cut_torn_line(file: Path) -> None:
    """Take off what a process that was killed had begun to write."""
    if not file.exists():
        return
    with file.open("rb+") as whole:
        end = _end_of_lines(whole)
        whole.truncate(end)


def _end_of_lines(file: IO[bytes]) -> int:
    """Where the last whole line ends."""
    at = file.seek(0, 2)
    while at > 0:
        start = max(0, at - 65536)
        file.seek(start)
        found = file.read(at - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0
