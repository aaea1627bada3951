"""Two runs over the tasks that both have: a task that only one has is compared with nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .metrics.bootstrap import Interval, ratio_of
from .metrics.curves import pass_at_tokens
from .metrics.measures import Measure, Values, measures
from .metrics.paired import Paired, differences, paired_difference
from .metrics.tally import Tally, tally
from .results import Result


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
    tokens: float | None
    """The tokens a task that both have spent, on average: what the run that spends less spends."""
    at_equal_tokens: Paired | None
    """The difference of pass@k, each run with the k that costs that much (metrics/curves.py)."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return {
            **plain,
            "differences": {name: one.to_json() for name, one in self.differences.items()},
            "at_equal_tokens": self.at_equal_tokens and self.at_equal_tokens.to_json(),
        }


def compare(a: Iterable[Result], b: Iterable[Result], seed: int = 0) -> Comparison:
    """Run `a` less run `b`. Reads each once and keeps a few numbers of each task."""
    first, second = _tallies(a), _tallies(b)
    both = [task for task in first if task in second]
    ours, theirs = [first[task] for task in both], [second[task] for task in both]
    tokens = min(_mean_tokens(ours), _mean_tokens(theirs)) if both else None
    equal = tokens and paired_difference(
        pass_at_tokens(ours, tokens), pass_at_tokens(theirs, tokens), seed
    )
    return Comparison(
        tasks=len(both),
        only_first=len(first) - len(both),
        only_second=len(second) - len(both),
        differences=_differences(ours, theirs, seed),
        tokens=tokens,
        at_equal_tokens=equal or None,
    )


def _tallies(results: Iterable[Result]) -> dict[str, Tally]:
    return {result.task: tally(result) for result in results if result.error is None}


def _mean_tokens(tallies: Sequence[Tally]) -> float:
    return sum(one.usage.tokens for one in tallies) / len(tallies)


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
