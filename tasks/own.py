"""Data of a user's own: a folder of task files, or a .jsonl file whose rows have their shape.

tasks/files.py says what a task file holds. A row without an `id` goes by its line: `mine/12` in
mine.jsonl. Ids are unique.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError
from .code_task import LoadedTask
from .files import load_file, task_from_data
from .rows import read_rows
from .selection import select

ROWS = (".jsonl", ".jsonl.gz")
FILES = (".yaml", ".yml", ".json")


def holds_tasks(path: Path) -> bool:
    """Whether there is such a folder, or a file of rows."""
    return path.is_dir() or (path.name.endswith(ROWS) and path.exists())


def load(path: Path) -> Iterator[LoadedTask[Any, Any]]:
    """Its tasks, or the one of a task file: of a folder by their files' names, 2 before 10.

    Raises:
        InputError: one of them is not what it should be, two have one id, or there are none.
    """
    places: dict[str, str] = {}
    for loaded, where in _rows(path) if path.name.endswith(ROWS) else _files(path):
        id = loaded.task.id
        if id in places:
            raise InputError(f"{where}: the id {id!r} is that of {places[id]}, too")
        places[id] = where
        yield loaded
    if not places:
        raise InputError(f"{path}: there is no task in it (a folder has {', '.join(FILES)} files)")


def find(id: str, path: Path) -> LoadedTask[Any, Any]:
    """The task of that id.

    Raises:
        InputError: as `load`, or there is none.
    """
    (found,) = select(load(path), ids=[id])
    return found


def _files(path: Path) -> Iterator[tuple[LoadedTask[Any, Any], str]]:
    try:
        files = list(path.iterdir()) if path.is_dir() else [path]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    named = [file for file in files if file.suffix in FILES and file.name[0] != "."]
    for file in sorted(named, key=_natural):
        yield load_file(file), str(file)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Numbers within a name count as such."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part[:1000]), "") if part.isdecimal() else (-1, part) for part in parts]


def _rows(path: Path) -> Iterator[tuple[LoadedTask[Any, Any], str]]:
    stem = path.name.partition(".jsonl")[0]
    for row, where in read_rows(path):
        yield task_from_data(row, where, f"{stem}/{where.rpartition(' ')[2]}"), where
