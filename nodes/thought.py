"""One record of the search, and what a search returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..models.base import Usage
from ..verifiers.base import Verdict


@dataclass(frozen=True, slots=True)
class Thought:
    """One thing a model said, at its place in the search.

    `id` is its path, the same whatever order things finish in: `o2+o5/o1/plan/fix/code` is the
    code of the repaired plan for observation 1 derived from observations 2 and 5.
    """

    id: str
    kind: str
    """observation, plan, criticism, fix, pseudocode, code, …"""
    text: str = ""
    parents: tuple[str, ...] = ()
    verdict: Verdict | None = None
    usage: Usage = field(default_factory=Usage)
    """All its calls together, those whose reply could not be read included."""
    faults: tuple[str, ...] = ()
    """What went wrong on the way and was got over, one line each."""
    failure: str | None = None
    """Why there is no such thought after all; its branch ends here."""

    def to_json(self) -> dict[str, Any]:
        """Plain data for the store and for `--json`."""
        return {
            **plain(self),
            "usage": plain(self.usage),
            "verdict": self.verdict and verdict_to_json(self.verdict),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Thought":
        """The inverse of `to_json`."""
        verdict = data["verdict"]
        return cls(
            **{
                **data,
                "parents": tuple(data["parents"]),
                "faults": tuple(data["faults"]),
                "usage": Usage(**data["usage"]),
                "verdict": verdict and verdict_from_json(verdict),
            }
        )


def plain(record: Any) -> dict[str, Any]:
    """The fields of a slotted dataclass, as they are: `dataclasses.asdict` without its deep copy,
    which is a third of what keeping a thought costs."""
    return {name: getattr(record, name) for name in record.__slots__}


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict's fields as plain data."""
    return {**plain(verdict), "usage": plain(verdict.usage)}


def verdict_from_json(data: Mapping[str, Any]) -> Verdict:
    """A verdict from its fields."""
    usage = Usage(**data.get("usage", {}))
    return Verdict(**{**data, "steps": tuple(data["steps"]), "usage": usage})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thought that is a complete answer: its id and verdict. The text is the thought's."""

    id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Solution:
    """What a graph returns. Small, so that it can live in a checkpoint: the thoughts themselves are
    `context.thoughts(solution)`."""

    task_id: str
    run: str
    """Which run it came from: the key of its thoughts in the context and the store."""
    answer: str | None
    """The chosen candidate: source code, or a worked solution; None when there is none at all."""
    chosen: str | None
    """The chosen candidate's thought id."""
    verdict: Verdict
    """The chosen candidate's: of the public tests, or whoever judged."""
    candidates: tuple[Candidate, ...]
    usage: Usage
    usage_by_kind: Mapping[str, Usage]
    faults: Mapping[str, int]
    """How often each kind of fault was met, got over or not."""
    stopped: str
    """Why the search ended: "complete", or what ran out or was enough."""
    final: str | None = None
    """The final answer in the chosen candidate, where the task is a question."""
    selections: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """Which candidate each way of choosing takes among the first 1, 2, 4, … of them, by its id:
    "majority", "best", "weighted". Of graphs that sample whole answers."""

    @property
    def solved(self) -> bool:
        """Whether the answer passes every public test, or its verifier's own mark."""
        return self.verdict.passed is True
