"""Two runs over the tasks that both have: a task that only one has is compared with nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .metrics.bootstrap import Interval, ratio_of
from .metrics.curves import Unit, pass_at_cost
from .metrics.measures import Measure, Values, measures
from .metrics.paired import Paired, differences, paired_difference
from .metrics.tally import Tally, tally
from .results import Result

UNITS: tuple[Unit, ...] = ("tokens", "calls")


@dataclass(frozen=True, slots=True)
class AtEqual:
    """The difference of pass@k where both runs spend the same, each with its own k."""

    amount: float
    """What is spent on a task, on average: all that the run which spends less does."""
    paired: Paired

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"amount": self.amount, **self.paired.to_json()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first run less the second, number by number, with 95 % intervals of the differences by a
    bootstrap over the tasks that both have."""

    tasks: int
    """That both have a result of."""
    only_first: int
    only_second: int
    differences: Mapping[str, Paired]
    """By what is measured ("pass@10", "solved", "majority@8", "tokens", "tokens per solved task").
    Each over the tasks for which both have it; those that only one could be graded on are counted
    in it, on top of those that only one has at all."""
    at_equal: Mapping[str, AtEqual]
    """By what is spent equally ("tokens", "calls"), over the tasks that both are graded on."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return {
            **plain,
            "differences": {name: one.to_json() for name, one in self.differences.items()},
            "at_equal": {unit: one.to_json() for unit, one in self.at_equal.items()},
        }


def compare(a: Iterable[Result], b: Iterable[Result], seed: int = 0) -> Comparison:
    """Run `a` less run `b`. Reads each once and keeps a few numbers of each task."""
    first, second = _tallies(a), _tallies(b)
    both = [task for task in first if task in second]
    ours, theirs = [first[task] for task in both], [second[task] for task in both]
    return Comparison(
        tasks=len(both),
        only_first=len(first) - len(both),
        only_second=len(second) - len(both),
        differences=_differences(ours, theirs, seed),
        at_equal={unit: one for unit in UNITS if (one := _at_equal(ours, theirs, unit, seed))},
    )


def _at_equal(a: Sequence[Tally], b: Sequence[Tally], unit: Unit, seed: int) -> AtEqual | None:
    """None where nothing was spent, or nothing graded."""
    graded = [pair for pair in zip(a, b, strict=True) if None not in (pair[0].every, pair[1].every)]
    ours, theirs = [one for one, _ in graded], [other for _, other in graded]
    amount = min(_mean_cost(ours, unit), _mean_cost(theirs, unit))
    if not amount:
        return None
    found = [pass_at_cost(some, amount, unit) for some in (ours, theirs)]
    return AtEqual(amount, paired_difference(found[0], found[1], seed))


def _mean_cost(tallies: Sequence[Tally], unit: Unit) -> float:
    total: int = sum(getattr(one.usage, unit) for one in tallies)
    return total / max(1, len(tallies))


def _tallies(results: Iterable[Result]) -> dict[str, Tally]:
    return {result.task: tally(result) for result in results if result.error is None}


def _differences(a: Sequence[Tally], b: Sequence[Tally], seed: int) -> dict[str, Paired]:
    ours, theirs = measures(a), measures(b)
    shared = [name for name in ours if name in theirs]
    pairs = [_where_both(ours[name], theirs[name]) for name in shared]
    found = differences(
        [ratio_of(*one) for one, _ in pairs], [ratio_of(*other) for _, other in pairs], seed
    )
    return {
        str(name): _paired(found[at], (ours[name], theirs[name]), pairs[at])
        for at, name in enumerate(shared)
    }


def _paired(
    difference: Interval | None, whole: tuple[Measure, Measure], kept: tuple[Measure, Measure]
) -> Paired:
    tasks = _known(kept[0])
    only_first, only_second = (_known(one) - tasks for one in whole)
    return Paired(difference, tasks, only_first, only_second)


def _where_both(a: Measure, b: Measure) -> tuple[Measure, Measure]:
    """The two, without the tasks for which either has nothing."""
    parts = list(zip(*a, *b, strict=True))
    there = [all(part is not None for part in parts_of_task) for parts_of_task in parts]

    def only(values: Values) -> Values:
        return [value if known else None for value, known in zip(values, there, strict=True)]

    return Measure(only(a.above), only(a.below)), Measure(only(b.above), only(b.below))


def _known(one: Measure) -> int:
    return sum(a is not None and b is not None for a, b in zip(*one, strict=True))
