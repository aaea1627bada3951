"""What a page shows before any task is opened: summaries, comparisons, and a row for each task."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..results import Result
from ..summary import summarise
from ..versus import compare
from .source import Source
from .visible import visible, visible_all

COLUMNS = ("solved", "right", "drawn", "tokens", "cost", "seconds", "thoughts", "error")
"""What a row of the table has of each run."""
REASON = 300
"""Characters of an error that are shown."""


@dataclass
class Rows:
    """The tasks of all runs, in the order in which they are first met."""

    ids: list[str] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)
    runs: list[dict[int, list[Any]]] = field(default_factory=list)
    """By run, by the task's place, its `COLUMNS`."""

    def add(self, run: int, result: Result) -> None:
        """Take in a result."""
        if result.task not in self.place:
            self.place[result.task] = len(self.ids)
            self.ids.append(result.task)
        self.runs[run][self.place[result.task]] = row(result)

    def to_json(self) -> dict[str, Any]:
        """A list of tasks, and of each run a list that is as long; null where it has no result."""
        runs = [[rows.get(at) for at in range(len(self.ids))] for rows in self.runs]
        return {"ids": [visible(id) for id in self.ids], "columns": COLUMNS, "runs": runs}


def row(result: Result) -> list[Any]:
    """A result's `COLUMNS`."""
    usage = result.usage
    graded = result.solved is not None or any(one.passed is not None for one in result.samples)
    return [
        result.solved,
        result.right if graded else None,
        result.drawn,
        usage.tokens,
        usage.cost,
        result.seconds,
        result.thoughts,
        result.error and visible(result.error[:REASON]),
    ]


def numbers(sources: Sequence[Source]) -> tuple[dict[str, Any], Rows]:
    """The page's data, and the table it has in it. Reads the results of each run a few times, and
    keeps a few numbers of each task."""
    rows = Rows(runs=[{} for _ in sources])
    for run, source in enumerate(sources):
        for result in source.results():
            rows.add(run, result)
    first = sources[0]
    data = {
        "runs": [_run(source) for source in sources],
        "comparisons": [
            {"run": at, "with": 0, **compare(source.results(), first.results()).to_json()}
            for at, source in enumerate(sources)
            if at
        ],
        "tasks": rows.to_json(),
    }
    return data, rows


def _run(source: Source) -> dict[str, Any]:
    about = source.about
    shown: dict[str, Any] = visible_all(
        {
            "name": source.name,
            "dataset": about.dataset,
            "spec": about.spec.to_json(),
            "summary": summarise(source.results(), source.name).to_json(),
        }
    )
    return shown
