"""Files of examples, written whole."""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import InputError
from .examples import Example, to_row


def write_rows(path: Path, rows: Iterable[Example | Mapping[str, Any]]) -> int:
    """Write examples, or rows that are made already, one a line, and say how many. The file is
    there once all are; where it is a link, so is the file that it points to.

    Raises:
        InputError: it cannot be written, or is something else than a file.
    """
    path = Path(os.path.realpath(path))
    count, unfinished = 0, path.parent / f"{path.name}.part"
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is no file, and is not replaced by one; name another")
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8") as file:
            for row in rows:
                data = to_row(row) if isinstance(row, Example) else dict(row)
                file.write(json.dumps(data) + "\n")
                count += 1
        unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return count


def refuse_same(out: Path, *read: Path) -> None:
    """See that what is written is none of the files that it is made of, which would be lost.

    Raises:
        InputError: it is.
    """
    for path in read:
        with suppress(OSError):  # one is not there, or cannot be: whoever opens it says so
            if out.samefile(path):
                raise InputError(f"--out {out} is the file that is read; name another")
