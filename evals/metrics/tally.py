"""What the metrics need of a task's result: a few numbers, so that a run of any size fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...models.base import Usage
from ...nodes.run import VERIFICATION
from ..results import Result, Sample


class Pool(NamedTuple):
    """Samples, and how many of them are right."""

    n: int
    c: int


@dataclass(frozen=True, slots=True)
class Tally:
    """One task of one run, counted. What could not be graded is None, and never wrong."""

    task: str
    keyed: bool
    """Whether anything of it was graded, or found to be missing."""
    drawn: int
    """Samples, with those that never came."""
    missing: int
    every: Pool | None
    """All that were drawn; None if the task has no key, or any sample could not be graded."""
    public: Pool | None
    """Of those alone that pass the search's verifier (see `_public`)."""
    base: Pool | None
    """All that were drawn, graded by the first suite alone; None if there is no such grade."""
    solved: bool | None
    """Whether the final answer is right."""
    votes: Mapping[str, Mapping[int, bool | None]]
    """By way of choosing and n, whether what it takes of the first n samples is right."""
    filters: bool
    """Whether the search's verifier passed or failed any sample."""
    usage: Usage
    by_kind: Mapping[str, Usage]
    seconds: float

    @property
    def judging(self) -> Usage:
        """The part of its cost that verifiers had."""
        return self.by_kind.get(VERIFICATION, Usage())


def tally(result: Result) -> Tally:
    """Count a result."""
    grades = [one.passed for one in result.samples]
    keyed = result.solved is not None or any(grade is not None for grade in grades)
    return Tally(
        task=result.task,
        keyed=keyed,
        drawn=result.drawn,
        missing=result.missing,
        every=_pool(grades, result.drawn) if keyed else None,
        public=_public(result.samples) if keyed else None,
        base=_pool([one.base for one in result.samples], result.drawn) if result.samples else None,
        solved=result.solved,
        votes=_votes(result),
        filters=any(one.public is not None for one in result.samples),
        usage=result.usage,
        by_kind=result.usage_by_kind,
        seconds=result.seconds,
    )


def _pool(grades: Sequence[bool | None], n: int) -> Pool | None:
    return None if None in grades else Pool(n, sum(grade is True for grade in grades))


def _public(samples: Sequence[Sample]) -> Pool | None:
    """PlanSearch's filter (2409.03733, appendix R): both numbers shrink. What never came passes
    nothing. A task whose samples have no such verdict at all has no public tests: all pass."""
    filters = any(one.public is not None for one in samples)
    passing = [one.passed for one in samples if one.public is True or not filters]
    return _pool(passing, len(passing))


def _votes(result: Result) -> dict[str, dict[int, bool | None]]:
    grades = {one.id: one.passed for one in result.samples}
    return {
        way: {n: grades.get(id) for n, id in chosen.items()}
        for way, chosen in result.selections.items()
    }
