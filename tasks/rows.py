"""The rows of a file, one at a time: .jsonl, .jsonl.gz, .json (a list) or .parquet.

A file of lines is read line by line and nothing of it is kept, so its size does not matter: one of
LiveCodeBench's is larger than a gigabyte. That of a line does, and is bounded.
"""

import gzip
import importlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import InputError, MissingError

LONGEST = 256 * 2**20
"""Characters of a line. Rows with a hundred megabytes of tests exist."""


def read_rows(path: Path) -> Iterator[tuple[Any, str]]:
    """Each row, and where it stands, in words: by its line in a .jsonl file, empty ones included,
    and elsewhere by its number from 1.

    Raises:
        InputError: there is no such file, or it is not what its name says.
        MissingError: it is Parquet, and pyarrow is not installed.
    """
    if path.suffix == ".parquet":
        return _numbered(path, _parquet_rows(path))
    return _json_rows(path)


def _numbered(path: Path, rows: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    for number, row in enumerate(rows, 1):
        yield row, f"{path} row {number}"


def _json_rows(path: Path) -> Iterator[tuple[Any, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            if path.suffix == ".json":
                rows = json.load(file)
                if not isinstance(rows, list):
                    raise InputError(f"{path}: not a list of rows")
                yield from _numbered(path, rows)
                return
            for number, line in enumerate(_lines(file, path), 1):
                if line.strip():
                    where = f"{path} line {number}"
                    yield _row(line, where), where
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; name a file of rows in it") from None
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path} line {error.lineno}: not JSON: {error.msg}") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())[:100]}") from None


def _lines(file: IO[Any], path: Path) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            raise InputError(f"{path} line {number}: longer than {LONGEST >> 20} MiB")
        yield line


def _row(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        if line.startswith("version https://git-lfs"):
            raise InputError(f"{where}: a pointer of Git LFS: fetch it with git lfs pull") from None
        raise InputError(f"{where}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # a number too long, or lists too deep
        raise InputError(f"{where}: cannot be read: {str(error)[:100]}") from None


def _parquet_rows(path: Path) -> Iterable[Any]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise MissingError(f"{path} is Parquet: pip install pyarrow") from None
    try:
        rows: list[Any] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {str(error)[:100]}") from None
    return rows
