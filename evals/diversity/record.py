"""How different the samples of a task are: the record of a task, and what a run comes to.

D of a task is the share of pairs of its samples that differ: 1 less the similar share (PlanSearch,
2409.03733, equation 1). D of a run is the mean over its tasks. (The paper's sentence has it as the
probability that two samples are similar; its equation, its code and its numbers say the reverse.)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...models.base import Usage
from ..metrics.bootstrap import Interval, bootstrap_mean

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class TaskDiversity:
    """One task of one run, measured in one way. A line of `diversity.jsonl`."""

    task: str
    how: str
    """The measure and its settings, as in "behaviour,most=40,inputs=16,seed=0"."""
    samples: int = 0
    """That were compared."""
    left_out: int = 0
    """Samples that were taken up and show nothing to compare: no idea could be had of them, or
    they have no behaviour."""
    pairs: int = 0
    similar: int = 0
    unjudged: int = 0
    """Pairs, beside those, that the judge gave no answer on."""
    usage: Usage = field(default_factory=Usage)
    reason: str = ""
    """Why something was left out or not judged; the last there was."""

    @property
    def value(self) -> float | None:
        """D; None where there is no pair."""
        return 1 - self.similar / self.pairs if self.pairs else None

    def to_json(self) -> dict[str, Any]:
        """The line's object."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        usage = {name: getattr(self.usage, name) for name in self.usage.__slots__}
        return {"schema": SCHEMA, **plain, "usage": usage, "diversity": self.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "TaskDiversity":
        """The inverse of `to_json`. Fields that are not known are left out.

        Raises:
            ValueError: the object is no such record, or of a newer schema.
        """
        try:
            if data["schema"] > SCHEMA:
                raise ValueError(f"of schema {data['schema']}, newer than {SCHEMA}: update ponder")
            known = {name: data[name] for name in cls.__slots__ if name in data}
            return cls(**{**known, "usage": Usage(**data["usage"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"no record of diversity: {error}") from None


@dataclass(frozen=True, slots=True)
class Diversity:
    """What a run comes to, measured in one way."""

    how: str
    value: Interval | None
    """The mean of its tasks' D, with a bootstrap interval over the tasks of 95 %; None if no task
    has a pair."""
    tasks: int
    """That it is the mean of."""
    omitted: int
    """Tasks without a pair."""
    pairs: int
    unjudged: int
    usage: Usage

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        usage = {name: getattr(self.usage, name) for name in self.usage.__slots__}
        return {**plain, "value": self.value and self.value.to_json(), "usage": usage}


def diversities(rows: Iterable[TaskDiversity], seed: int = 0) -> list[Diversity]:
    """One for each way of measuring there is. `seed` fixes the resamples."""
    by_way: dict[str, list[TaskDiversity]] = {}
    for row in rows:
        by_way.setdefault(row.how, []).append(row)
    return [_of_run(how, rows, seed) for how, rows in by_way.items()]


def _of_run(how: str, rows: Sequence[TaskDiversity], seed: int) -> Diversity:
    values = [row.value for row in rows if row.value is not None]
    return Diversity(
        how=how,
        value=bootstrap_mean(values, seed) if values else None,
        tasks=len(values),
        omitted=len(rows) - len(values),
        pairs=sum(row.pairs for row in rows),
        unjudged=sum(row.unjudged for row in rows),
        usage=sum((row.usage for row in rows), Usage()),
    )
