"""The grades of a file of samples: `SAMPLES_graded.jsonl`, one line a sample, appended to.

Lines come in the order in which samples are done. Of two for one sample the last one stands. A
sample that has a grade is not graded again; what could not be graded is.
"""

import fcntl
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from .grading import Grade
from .lines import cut_torn_line
from .results import SCHEMA, Result, Sample
from .samples import Place, Row, SampleFile


@dataclass(frozen=True, slots=True)
class Graded:
    """A sample's grade."""

    task_id: str
    """As the data set has it."""
    dataset: str
    """Whose tests it was graded by."""
    line: int
    """Where it is in the file of samples, from 1."""
    digest: str
    """Of its text: another text in that line is another sample."""
    id: str | None = None
    """The sample's own, where it has one."""
    passed: bool | None = None
    """By all tests. None: it could not be graded; `reason` says why."""
    base: bool | None = None
    """By the first suite alone, where the data set has two."""
    reason: str = ""
    """Why it fails, in a line. Quotes hidden tests: never for a model's eyes."""

    def to_json(self) -> dict[str, Any]:
        """The line's object."""
        return {"schema": SCHEMA, **{name: getattr(self, name) for name in self.__slots__}}

    @classmethod
    def from_json(cls, data: Any) -> "Graded":
        """The inverse of `to_json`; unknown fields are left out.

        Raises:
            ValueError: it is no such object, or of a newer schema.
        """
        try:
            if data["schema"] > SCHEMA:
                raise ValueError(f"of schema {data['schema']}, newer than {SCHEMA}: update ponder")
            return cls(**{name: data[name] for name in cls.__slots__ if name in data})
        except (AttributeError, KeyError, TypeError):
            raise ValueError("not a graded sample") from None


class GradedFile:
    """The grades of `samples` by `dataset`, held by one process; use it in a `with` block.

    Raises:
        InputError: the file holds the grades of other samples or by another data set, is no such
            file, is held by another process, or cannot be written.
    """

    def __init__(self, path: Path, samples: SampleFile, dataset: str) -> None:
        self.path, self._dataset = path, dataset
        with ExitStack() as stack:
            try:
                self._file = stack.enter_context(path.open("a"))
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cut_torn_line(path)
            except BlockingIOError:
                raise InputError(f"{path}: another process is writing to it") from None
            except OSError as error:
                raise InputError(f"{path}: {error.strerror}") from None
            self.grades = {one.line: one for one in read_graded(path)}
            """By line of the samples' file; the last one stands."""
            self._compare(samples)
            stack.pop_all()

    def __enter__(self) -> "GradedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def done(self) -> int:
        """How many samples have a grade."""
        return sum(one.passed is not None for one in self.grades.values())

    def lacks(self, place: Place) -> bool:
        """Whether the sample there has no grade yet."""
        held = self.grades.get(place.line)
        return held is None or held.passed is None

    def add(self, place: Place, row: Row, grade: Grade) -> None:
        """Append a grade."""
        own = (row.task, self._dataset, place.line, place.digest, row.id)
        one = Graded(*own, grade.passed, grade.base, grade.reason)
        self._file.write(json.dumps(one.to_json()) + "\n")
        self._file.flush()
        self.grades[place.line] = one

    def _compare(self, samples: SampleFile) -> None:
        found = {place.line: place.digest for some in samples.places.values() for place in some}
        for line, one in self.grades.items():
            if one.dataset != self._dataset or found.get(line) != one.digest:
                other = "of other samples" if one.dataset == self._dataset else f"by {one.dataset}"
                raise InputError(f"{self.path}: holds grades {other}: move it away, or give --out")


def read_graded(path: Path) -> Iterator[Graded]:
    """The lines of a file of grades.

    Raises:
        InputError: one is none.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            data = None
            with suppress(ValueError, RecursionError):
                data = json.loads(line)
            try:
                yield Graded.from_json(data)
            except ValueError as error:
                raise InputError(f"{path} line {number}: {error}") from None


def results_of(graded: Iterable[Graded]) -> list[Result]:
    """What an evaluation would have as results: one a task, with its samples in their order."""
    samples: dict[str, list[Sample]] = {}
    for one in sorted(graded, key=lambda one: one.line):
        sample = Sample(
            one.id or str(one.line), passed=one.passed, base=one.base, reason=one.reason
        )
        samples.setdefault(one.task_id, []).append(sample)
    return [Result(task, samples=tuple(some)) for task, some in samples.items()]
