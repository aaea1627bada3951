"""What one task of an evaluation came to: the record that is appended to `results.jsonl`.

A line is a JSON object with the fields of `Result`, and `schema`, the number of this format. A task
may have several lines: the last one stands. Readers refuse a schema that is newer than theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..models.base import Usage
from ..models.store import digest
from ..tasks import AnswerKey, LoadedTask
from ..verifiers.steps import problem_of
from .sound import refuse_unsound

SCHEMA = 1
"""Raised when a reader of the old format would misread the new one; a new field does not."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One candidate of a task: where it stood in the search, and what it was worth."""

    id: str
    """Its thought's id, which is its path in the search."""
    public: bool | None = None
    """Whether the search's own verifier passes it: for programs, the public tests."""
    score: float | None = None
    """What that verifier gave it."""
    passed: bool | None = None
    """Its grade by the key: all hidden tests, or the gold answer. None: there is no key, or it
    could not be graded."""
    base: bool | None = None
    """Its grade by the first suite alone, where the data set has two ("plus" sets)."""
    reason: str = ""
    """Why it fails, in a line. Quotes the key: never for a model's eyes."""


@dataclass(frozen=True, slots=True)
class Result:
    """One task, thought about once by one graph and model, and graded."""

    task: str
    """Its id."""
    run: str = ""
    """The key of its thoughts in the store."""
    samples: tuple[Sample, ...] = ()
    """All candidates, in the order of the search (not of time)."""
    missing: int = 0
    """Answers that were asked for and never came: unreadable, cut off, refused. For pass@k they
    are samples, and wrong."""
    chosen: str | None = None
    """The sample that the graph answers with."""
    final: str | None = None
    """The final answer in it, where the task is a question."""
    solved: bool | None = None
    """The chosen sample's grade; False where there is none."""
    selections: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """By way of choosing, which sample it takes of the first 1, 2, 4, … (`Solution.selections`)."""
    usage: Usage = field(default_factory=Usage)
    """All thinking and judging; not the grade, which costs no model anything."""
    usage_by_kind: Mapping[str, Usage] = field(default_factory=dict)
    """By kind of thought, and "verification"."""
    thoughts: int = 0
    faults: Mapping[str, int] = field(default_factory=dict)
    """How often each kind of fault was met, got over or not."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Where solutions are labelled: those that have no row, by why."""
    stopped: str = ""
    """Why the search ended (`Solution.stopped`)."""
    seconds: float = 0.0
    """Wall-clock time of this process from the task's first step to the end of its search."""
    caveat: str = ""
    """What its grade should be taken with."""
    error: str | None = None
    """Why there is no result: the task is tried again when the evaluation is resumed."""
    worker: str = ""
    """Where it was done, in a cluster."""
    asked: str = ""
    """A digest of what was asked, and of the gold answer where it is a question (`asked_of`); none
    in results of before it was kept."""

    @property
    def drawn(self) -> int:
        """Samples for pass@k, with those that never came."""
        return len(self.samples) + self.missing

    @property
    def right(self) -> int:
        """Samples that the key passes."""
        return sum(sample.passed is True for sample in self.samples)

    def to_json(self) -> dict[str, Any]:
        """The line's object."""
        data = {name: getattr(self, name) for name in self.__slots__}
        return {
            "schema": SCHEMA,
            **data,
            "samples": [_fields(sample) for sample in self.samples],
            "usage": _fields(self.usage),
            "usage_by_kind": {kind: _fields(usage) for kind, usage in self.usage_by_kind.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        """The inverse of `to_json`. Fields that are not known are left out.

        Raises:
            ValueError: the object is no result, or of a newer schema.
        """
        if not isinstance(data, Mapping) or not isinstance(data.get("task"), str):
            raise ValueError("no result: it has no task")
        schema = data.get("schema", 0)
        if not isinstance(schema, int):
            raise ValueError(f"no result: its schema is {schema!r}")
        if schema > SCHEMA:
            raise ValueError(f"of schema {data['schema']}, newer than {SCHEMA}: update ponder")
        known = {name: data[name] for name in cls.__slots__ if name in data}
        selections = known.get("selections", {})
        try:
            result = cls(
                **{
                    **known,
                    "samples": tuple(_known(Sample, one) for one in known.get("samples", [])),
                    "usage": _known(Usage, known.get("usage", {})),
                    "usage_by_kind": {
                        kind: _known(Usage, usage)
                        for kind, usage in known.get("usage_by_kind", {}).items()
                    },
                    "selections": {
                        way: {int(n): id for n, id in chosen.items()}
                        for way, chosen in selections.items()
                    },
                }
            )
        except (AttributeError, TypeError) as error:
            raise ValueError(f"no result: {error}") from None
        refuse_unsound(result)
        return result


def asked_of(loaded: LoadedTask[Any, Any]) -> str:
    """What a task asks, and its gold answer, as a digest: a result is none of a task of the same id
    whose words have changed since. Not in it are the tests of programs."""
    task, key = loaded.task, loaded.key
    words = problem_of(task)
    gold = key.answer if isinstance(key, AnswerKey) else None
    return digest([words, gold])[:16]


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def _known(kind: Any, data: Mapping[str, Any]) -> Any:
    return kind(**{name: data[name] for name in kind.__slots__ if name in data})
