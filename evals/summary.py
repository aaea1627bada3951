"""A run in numbers: what tables, reports and documents say of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..models.base import Usage
from .diversity import Diversity, TaskDiversity, diversities, read_diversity
from .folder import read_about, read_results
from .metrics.bootstrap import Interval, intervals, ratio_of
from .metrics.curves import Point, curve
from .metrics.measures import COSTS, PASSES, PER_SOLVED, Measure, Name, measures
from .metrics.tally import Tally, tally
from .results import Result


@dataclass(frozen=True, slots=True)
class Score:
    """A share of tasks: pass@k, or what a way of choosing among n samples comes to."""

    n: int
    """k, or n."""
    value: Interval
    tasks: int
    """How many it is the mean of."""
    short: int
    """How many of them have fewer samples than that: for pass@k, what they lack counts as wrong;
    a choice is then one among fewer."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        own = {"n": self.n, "value": self.value.to_json()}
        return {**own, "tasks": self.tasks, "short": self.short}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run spent of something."""

    total: float
    per_task: Interval
    per_solved: Interval | None
    """Everything spent on tasks whose answer is graded, failures too, for each that is solved; None
    where none is. Unbounded where the tasks do not rule that out."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "total": self.total,
            "per_task": self.per_task.to_json(),
            "per_solved": self.per_solved and self.per_solved.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """One run. All intervals are of 95 %, by a bootstrap over its tasks. What could not be graded
    is left out of what it would decide, and counted."""

    name: str
    tasks: int
    """With a result."""
    errors: int
    """Tasks without one: they are in no number here."""
    ungraded: int
    """Tasks left out of pass@k: they have no key, or a sample that could not be graded."""
    samples: int
    missing: int
    """Answers that were asked for and never came."""
    solved: Score | None
    """By the answer that the graph gives."""
    passes: Mapping[str, Sequence[Score]]
    """pass@k of all samples ("pass"), of those that pass the search's verifier ("filtered"), and by
    the first suite alone ("base"); kinds without a value are left out."""
    votes: Mapping[str, Sequence[Score]]
    """By way of choosing, its accuracy over n."""
    costs: Mapping[str, Cost | None]
    """Tokens, calls, usd, seconds, verifier tokens; None where any of it is not known."""
    by_kind: Mapping[str, Usage]
    """Where it went, by kind of thought."""
    curves: Mapping[str, Sequence[Point]]
    """pass@k against what k samples cost."""
    faults: Mapping[str, int]
    stopped: Mapping[str, int]
    """How many searches ended why."""
    caveats: Mapping[str, int]
    """What grades should be taken with, and of how many tasks."""
    diversity: Sequence[Diversity] = ()
    """How different the answers to a task are, by each way in which that was measured."""

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `Summary` has it; an interval is [value, low, high], null if unbounded."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return {
            **plain,
            "solved": self.solved and self.solved.to_json(),
            "passes": _lists(self.passes),
            "votes": _lists(self.votes),
            "costs": {unit: cost and cost.to_json() for unit, cost in self.costs.items()},
            "by_kind": {kind: _usage(usage) for kind, usage in self.by_kind.items()},
            "curves": _lists(self.curves),
            "diversity": [one.to_json() for one in self.diversity],
        }


class _Counts:
    """What is added up as results are read."""

    def __init__(self) -> None:
        self.tallies: list[Tally] = []
        self.errors = 0
        self.samples = 0
        self.by_kind: dict[str, Usage] = {}
        self.faults, self.stopped, self.caveats = Counter[str](), Counter[str](), Counter[str]()

    def add(self, result: Result) -> None:
        if result.error is not None:
            self.errors += 1
            return
        self.tallies.append(tally(result))
        self.samples += len(result.samples)
        for kind, usage in result.usage_by_kind.items():
            self.by_kind[kind] = self.by_kind.get(kind, Usage()) + usage
        self.faults.update(result.faults)
        self.stopped[result.stopped] += 1
        self.caveats.update([result.caveat] if result.caveat else [])


def summarise_run(path: Path, seed: int = 0) -> Summary:
    """The numbers of the run in a folder, with its diversity, where that has been measured.

    Raises:
        InputError: it is no run's folder, or what is in it cannot be read.
    """
    return summarise(read_results(path), read_about(path).name, seed, read_diversity(path))


def summarise(
    results: Iterable[Result],
    name: str = "",
    seed: int = 0,
    measured: Iterable[TaskDiversity] = (),
) -> Summary:
    """The numbers of a run, from its results, one a task, and from what was `measured` of how
    different they are. Reads them once and keeps a few numbers of each. `seed` fixes the
    resamples."""
    counts = _Counts()
    for result in results:
        counts.add(result)
    tallies = counts.tallies
    found = measures(tallies)
    columns = [ratio_of(*one) for one in found.values()]
    values = dict(zip(found, intervals(columns, seed), strict=True))
    scores = _scores(tallies, found, values)
    solved = scores.pop("solved", [None])
    return Summary(
        name=name,
        tasks=len(tallies),
        errors=counts.errors,
        ungraded=sum(one.every is None for one in tallies),
        samples=counts.samples,
        missing=sum(one.missing for one in tallies),
        solved=solved[0],
        passes={kind: scores.pop(kind) for kind in PASSES if kind in scores},
        votes=scores,
        costs={unit: _cost(unit, found, values) for unit in COSTS},
        by_kind=dict(sorted(counts.by_kind.items())),
        curves={kind: points for kind in PASSES if (points := curve(tallies, kind, values))},
        faults=dict(counts.faults.most_common()),
        stopped=dict(counts.stopped.most_common()),
        caveats=dict(counts.caveats.most_common()),
        diversity=diversities(measured, seed),
    )


def _scores(
    tallies: Sequence[Tally],
    found: Mapping[Name, Measure],
    values: Mapping[Name, Interval | None],
) -> dict[str, Any]:
    """What is no cost, by what it is."""
    scores: dict[str, Any] = {}
    for name, value in values.items():
        if value is not None and name.what.removesuffix(PER_SOLVED) not in COSTS:
            known = [
                one
                for one, number in zip(tallies, found[name].above, strict=True)
                if number is not None
            ]
            short = sum(_samples(one, name.what) < name.n for one in known)
            scores.setdefault(name.what, []).append(Score(name.n, value, len(known), short))
    return scores


def _samples(one: Tally, what: str) -> int:
    pool = PASSES[what](one) if what in PASSES else None
    return pool.n if pool is not None else one.drawn - one.missing


def _cost(
    unit: str, found: Mapping[Name, Measure], values: Mapping[Name, Interval | None]
) -> Cost | None:
    per_task = values.get(Name(unit))
    if per_task is None:
        return None
    total = sum(value or 0.0 for value in found[Name(unit)].above)
    return Cost(total, per_task, values.get(Name(unit + PER_SOLVED)))


def _lists(lists: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: [one.to_json() for one in some] for name, some in lists.items()}


def _usage(usage: Usage) -> dict[str, Any]:
    return {name: getattr(usage, name) for name in usage.__slots__}
