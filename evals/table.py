"""Runs side by side, a column each: for the end of a command, and for documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from .metrics.bootstrap import Interval
from .metrics.measures import COSTS, PASSES, PER_SOLVED
from .summary import Score, Summary
from .versus import Comparison

Rows = list[list[str]]
"""The first has the headings, and each begins with what it is about."""
NONE = "–"
PASS = {"pass": "pass@{}", "filtered": "public-filtered pass@{}", "base": "base tests pass@{}"}
WAY = "{} of {}"
COUNTS: Mapping[str, Callable[[Summary], int]] = {
    "tasks": lambda one: one.tasks,
    "errors": lambda one: one.errors,
    "not graded": lambda one: one.ungraded,
    "samples": lambda one: one.samples,
    "answers that never came": lambda one: one.missing,
}
LEGEND = "Shares of tasks are in percent; in brackets, 95 % bootstrap intervals over the tasks."
SHORT = (
    "†n: n of the tasks have fewer samples than that. What they lack counts as wrong; a choice is "
    "then one among fewer."
)


def side_by_side(summaries: Sequence[Summary]) -> Rows:
    """Every number that any of them has."""
    return [["", *(one.name for one in summaries)], *_rows(summaries)]


def notes(summaries: Sequence[Summary]) -> list[str]:
    """What the table has to be read with."""
    scores = [
        score for one in summaries for some in (*one.passes.values(), *one.votes.values())
        for score in some
    ]  # fmt: skip
    caveats = {caveat: None for one in summaries for caveat in one.caveats}
    return [LEGEND, *([SHORT] if any(score.short for score in scores) else []), *caveats]


def differences(baseline: str, comparisons: Mapping[str, Comparison]) -> Rows:
    """Each run, by its name, less the baseline: its `Comparison` with it. Over the tasks that both
    have, as many as are said."""
    names = {name: None for one in comparisons.values() for name in one.differences}
    rows = [["", *(f"{name} − {baseline}" for name in comparisons)]]
    rows.append(["tasks in both", *(str(one.tasks) for one in comparisons.values())])
    for name in names:
        found = (one.differences.get(name) for one in comparisons.values())
        percent = name.removesuffix(PER_SOLVED) not in COSTS
        cells = [_change(one.difference if one else None, percent=percent) for one in found]
        rows.append([_heading(name), *cells])
    for unit in dict.fromkeys(unit for one in comparisons.values() for unit in one.at_equal):
        equal = (one.at_equal.get(unit) for one in comparisons.values())
        cells = [_change(one.paired.difference if one else None, percent=True) for one in equal]
        rows.append([f"pass@k at equal {unit}", *cells])
    return rows


def as_text(rows: Rows) -> str:
    """Columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def as_markdown(rows: Rows) -> str:
    """A table of GitHub's."""
    safe = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---"] + ["---:"] * (len(rows[0]) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in (safe[0], rule, *safe[1:]))


def _rows(summaries: Sequence[Summary]) -> Iterator[list[str]]:
    for heading, count_of in COUNTS.items():
        yield [heading, *(f"{count_of(one):,}" for one in summaries)]
    yield ["solved", *(_score(one.solved) for one in summaries)]
    for kind, heading in PASS.items():
        yield from _series(heading, [one.passes.get(kind, ()) for one in summaries])
    for way in sorted({way for one in summaries for way in one.votes}):
        yield from _series(WAY.format(way, "{}"), [one.votes.get(way, ()) for one in summaries])
    for unit in COSTS:
        costs = [one.costs[unit] for one in summaries]
        yield [f"{unit} a task", *(_cost(cost.per_task if cost else None) for cost in costs)]
        yield [unit + PER_SOLVED, *(_cost(cost.per_solved if cost else None) for cost in costs)]
    for kind in sorted({kind for one in summaries for kind in one.by_kind}):
        yield [f"tokens for {kind}", *(_part(one, kind) for one in summaries)]
    for how in dict.fromkeys(found.how for one in summaries for found in one.diversity):
        yield [f"diversity ({how})", *(_diversity(one, how) for one in summaries)]


def _series(heading: str, lists: Sequence[Sequence[Score]]) -> Iterator[list[str]]:
    for n in sorted({score.n for some in lists for score in some}):
        found = [next((score for score in some if score.n == n), None) for some in lists]
        yield [heading.format(n), *map(_score, found)]


def _score(score: Score | None) -> str:
    if score is None:
        return NONE
    return _interval(score.value, _percent) + (f" †{score.short}" if score.short else "")


def _cost(interval: Interval | None) -> str:
    return NONE if interval is None else _interval(interval, _number)


def _part(one: Summary, kind: str) -> str:
    whole = sum(usage.tokens for usage in one.by_kind.values())
    if kind not in one.by_kind or not whole:
        return NONE
    return f"{_percent(one.by_kind[kind].tokens / whole)} %"


def _diversity(one: Summary, how: str) -> str:
    value = next((found.value for found in one.diversity if found.how == how), None)
    return _interval(value, "{:.3f}".format) if value else NONE


def _interval(interval: Interval, shown: Callable[[float], str]) -> str:
    return f"{shown(interval.value)} [{shown(interval.low)}, {shown(interval.high)}]"


def _change(interval: Interval | None, *, percent: bool) -> str:
    if interval is None:
        return NONE
    shown = _percent if percent else _number
    return _interval(interval, lambda value: ("+" if value > 0 else "") + shown(value))


def _heading(name: str) -> str:
    what, at, n = name.partition("@")
    if what in PASSES:
        return PASS[what].format(n)
    return WAY.format(what, n) if at else name


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _number(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
