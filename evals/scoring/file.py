"""A file of scored solutions: rows of the schema (training/examples.py) with fields of their own,
appended to.

What was scored is known by the solution itself, so the rows of the file that is scored may be
added to, or put in another order, between two runs.
"""

import fcntl
import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ...errors import InputError, StoreError
from ...training.examples import Example, from_row, to_row
from ..lines import cut_torn_line


def digest(example: Example) -> str:
    """The same for the same steps to the same question."""
    text = json.dumps([example.prompt, example.steps])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class ScoreFile:
    """The scored rows, held by one process; use it in a `with` block.

    `by` is what scores depend on, such as {"verifier": "prm:…"}; every row has it. `added` names
    the fields that scoring adds.

    Raises:
        InputError: the file holds other scores, or rows that are none, is held by another process,
            or cannot be written.
    """

    def __init__(self, path: Path, by: Mapping[str, Any], added: tuple[str, ...]) -> None:
        self.path, self._by, self._added = path, dict(by), added
        self.known: dict[str, dict[str, Any]] = {}
        """What was added to a solution, by its digest: the same to all rows that have it."""
        self._left: dict[str, Counter[str]] = {}
        """By digest, the rows that were there and were not met again yet, by what else they say."""
        with ExitStack() as stack:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = stack.enter_context(path.open("a", encoding="utf-8"))
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not os.fstat(self._file.fileno()).st_nlink:  # who held it has just removed it
                    raise BlockingIOError
                cut_torn_line(path)
            except BlockingIOError:
                raise InputError(f"{path}: another process is writing to it") from None
            except OSError as error:
                raise InputError(f"{path}: {error.strerror}") from None
            self._read()
            stack.pop_all()
        self.held = self.unmet
        """How many rows were there already."""

    def __enter__(self) -> "ScoreFile":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file.closed:
            return
        with suppress(OSError):  # what could not be written has been said
            self._file.flush()
            if not os.fstat(self._file.fileno()).st_size:  # as where the first row was wrong
                self.path.unlink()  # while it is ours
        with suppress(OSError):
            self._file.close()

    @property
    def unmet(self) -> int:
        """How many of the rows that were there `takes` has not been asked about."""
        return sum(one.total() for one in self._left.values())

    def takes(self, example: Example) -> bool:
        """Whether this row has still to be written. Of equal rows, as many as were given.

        Raises:
            InputError: it was there with another grade, other labels, another answer or id, which
                would be measured in their place.
        """
        held, said = self._left.get(digest(example), Counter[str]()), self._said(example)
        if not held.total():
            return True
        if not held[said]:
            raise InputError(
                f"{example.where}: {self.path} has this solution with another grade, id or answer, "
                "or other labels; give another --out"
            )
        held[said] -= 1
        return False

    def _said(self, example: Example) -> str:
        """What a row says of its solution, by a digest; not what scoring adds."""
        row = {name: one for name, one in to_row(example).items() if name not in self._added}
        return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]

    def add(self, example: Example, row: Mapping[str, Any], added: Mapping[str, Any]) -> None:
        """Append a row, and what scoring adds to it.

        Raises:
            StoreError: it cannot be written.
        """
        self.known[digest(example)] = dict(added)
        with self._written():
            self._file.write(json.dumps({**row, **added, **self._by}) + "\n")

    def flush(self) -> None:
        """Hand all rows to the system: a process that is killed now loses none of them. Raises as
        `add`."""
        with self._written():
            self._file.flush()

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = f"{error.strerror}; what is done is kept, the same command goes on"
            raise StoreError(f"--out {self.path}: {why}") from None

    def _read(self) -> None:
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                where = f"{self.path} line {number}"
                try:
                    row = json.loads(line)
                    example = from_row(row, where)
                except (ValueError, RecursionError):
                    raise InputError(f"{where}: no scored solution; give another --out") from None
                self._compare(row, len(example.steps), where)
                key = digest(example)
                self._left.setdefault(key, Counter())[self._said(example)] += 1
                self.known[key] = {name: row[name] for name in self._added}

    def _compare(self, row: Mapping[str, Any], steps: int, where: str) -> None:
        for name, value in self._by.items():
            if row.get(name) != value:
                raise InputError(
                    f"{where}: its {name} is {row.get(name)!r}, not {value!r}; give another --out"
                )
        for name in self._added:
            if name not in row:
                raise InputError(f"{where}: it has no {name}; give another --out")
            if not _sound(name, row[name], steps):
                raise InputError(
                    f"{where}: its {name} is {str(row[name])[:40]}, which scoring never gives; "
                    "give another --out"
                )


def _sound(name: str, value: Any, steps: int) -> bool:
    """Whether a field may be what scoring has added to a row of so many steps."""
    match name:
        case "score":
            return _is_number(value)
        case "scores" | "negative":
            each = isinstance(value, list) and len(value) == steps and all(map(_is_number, value))
            return each or (name == "scores" and value is None)
        case "verified":
            return isinstance(value, bool)
    return True  # labels: the schema's own


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max  # which NaN is not
