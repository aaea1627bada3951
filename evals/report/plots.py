"""The plots of a report as files, for papers: PNG and SVG, by matplotlib."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError, MissingError
from ..metrics import Interval
from ..summary import Score, Summary, summarise
from .source import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#1f6fb5", "#c2570c", "#0d8468", "#8556b3", "#86730c", "#b53d77")
"""The page's, of its light mode."""
MARKS = "os^Dvp"
DASHES = {"pass": "-", "filtered": "--", "base": ":"}
WORDS = {"pass": "", "filtered": ", verified", "base": ", first suite"}
SIZE = (6.4, 4.0)
"""Inches."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ponder",  # the same run makes the same file
    "text.parse_math": False,  # a name is a name, dollars and all
    "font.size": 10,
}
Points = Sequence[tuple[float, Interval]]


def write_plots(sources: Sequence[Source], folder: Path) -> list[Path]:
    """Write `pass_at_k`, `accuracy_by_tokens`, `votes` and `budget` (those there are numbers for)
    as PNG and SVG; their paths.

    Raises:
        MissingError: matplotlib is not installed.
        InputError: the folder cannot be written.
    """
    require_matplotlib()
    runs = [summarise(source.results(), source.name) for source in sources]
    return [path for name, draw in PLOTS.items() for path in drawn(draw, runs, folder, name)]


def require_matplotlib() -> None:
    """See that it is there.

    Raises:
        MissingError: it is not.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingError("--plots needs matplotlib: pip install 'ponder[report]'") from None


def drawn(
    draw: Callable[["Axes", Any], bool], what: Any, folder: Path, name: str
) -> Iterator[Path]:
    """Draw it and write the files `name`, unless there is nothing to draw; their paths.

    Raises:
        InputError: the folder cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        if draw(figure.add_subplot(), what):
            yield from _save(figure, folder, name)


def _save(figure: Any, folder: Path, name: str) -> Iterator[Path]:
    for kind, said in (("png", {}), ("svg", {"metadata": {"Date": None}})):
        path = folder / f"{name}.{kind}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, dpi=200, **said)
        except OSError as error:
            raise InputError(f"--plots {folder}: {error.strerror or error}") from None
        yield path


def _pass_at_k(axes: "Axes", runs: Sequence[Summary]) -> bool:
    for place, run in enumerate(runs):
        for kind, scores in run.passes.items():
            _scores(axes, scores, place, run.name + WORDS[kind], DASHES[kind])
    return finish(axes, "k", "pass@k (%)")


def _by_tokens(axes: "Axes", runs: Sequence[Summary]) -> bool:
    for place, run in enumerate(runs):
        for kind, points in run.curves.items():
            values = [(one.tokens, one.value) for one in points]
            line(axes, values, place, run.name + WORDS[kind], DASHES[kind])
    return finish(axes, "tokens a task", "pass@k (%)")


def _votes(axes: "Axes", runs: Sequence[Summary]) -> bool:
    for place, run in enumerate(runs):
        for number, (way, scores) in enumerate(run.votes.items()):
            dash = list(DASHES.values())[number % len(DASHES)]
            _scores(axes, scores, place, f"{run.name}, {way}", dash)
    return finish(axes, "answers chosen from, n", "accuracy (%)")


def _budget(axes: "Axes", runs: Sequence[Summary]) -> bool:
    kinds = sorted({kind for run in runs for kind, one in run.by_kind.items() if one.tokens})
    height = 0.8 / max(1, len(runs))
    for place, run in enumerate(runs):
        rows = [at + place * height for at in range(len(kinds))]
        used = [run.by_kind.get(kind) for kind in kinds]
        tasks = max(1, run.tasks)
        prompt = [one.prompt_tokens / tasks if one else 0.0 for one in used]
        written = [one.completion_tokens / tasks if one else 0.0 for one in used]
        colour = COLOURS[place % len(COLOURS)]
        axes.barh(rows, prompt, height * 0.9, color=colour, alpha=0.4)
        axes.barh(rows, written, height * 0.9, left=prompt, color=colour, label=run.name)
    axes.set_yticks([at + 0.4 - height / 2 for at in range(len(kinds))], kinds)
    axes.invert_yaxis()
    axes.set_xlabel("tokens a task (pale: prompt)")
    axes.spines[["top", "right"]].set_visible(False)
    if kinds:
        axes.legend(frameon=False)
    return bool(kinds)


PLOTS = {
    "pass_at_k": _pass_at_k,
    "accuracy_by_tokens": _by_tokens,
    "votes": _votes,
    "budget": _budget,
}


def _scores(axes: "Axes", scores: Sequence[Score], run: int, label: str, dash: str) -> None:
    line(axes, [(float(one.n), one.value) for one in scores], run, label, dash)


def line(axes: "Axes", points: Points, run: int, label: str, dash: str = "-") -> None:
    """A run's line through x and y; with a band where it is whole."""
    xs, values = [x for x, _ in points], [value for _, value in points]
    colour, mark = COLOURS[run % len(COLOURS)], MARKS[run % len(MARKS)]
    fill = colour if dash == "-" else "white"
    axes.plot(
        xs,
        [100 * one.value for one in values],
        color=colour,
        linestyle=dash,
        marker=mark,
        markersize=4.5,
        markerfacecolor=fill,
        label=label,
    )
    if dash == "-":
        low, high = [100 * one.low for one in values], [100 * one.high for one in values]
        axes.fill_between(xs, low, high, color=colour, alpha=0.14, linewidth=0)


def finish(axes: "Axes", x: str, y: str) -> bool:
    """Axes, legend, grid; whether there is anything in it."""
    if not axes.lines:
        return False
    from matplotlib.ticker import LogLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.xaxis.set_minor_formatter(lambda value, _: "")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)
    axes.legend(frameon=False, fontsize=9)
    return True
