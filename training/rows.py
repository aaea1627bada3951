"""Files of examples, written whole."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from .examples import Example, to_row


def write_rows(path: Path, rows: Iterable[Example | Mapping[str, Any]]) -> int:
    """Write examples, or rows that are made already, one a line, and say how many. The file is
    there once all are.

    Raises:
        InputError: it cannot be written.
    """
    count, unfinished = 0, path.with_name(f"{path.name}.part")
    try:
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
        unfinished.unlink(missing_ok=True)
    return count
