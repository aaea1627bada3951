"""Reports: tables, plots, and what a person remarked on them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from ponder.evals.metrics.bootstrap import Interval, bootstrap_mean
from reproductions.curves import Array

mpl.use("Agg")
from matplotlib import pyplot as plt

REMARKS = "## Remarks"
"""What follows this line in a report was written by a person, and is kept."""
COLOURS = ("#1b6ca8", "#d1495b", "#6b7280", "#2a9d5c", "#e09f3e", "#7b4ea3")
STYLES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (1, 1)))
MARKS = ("o", "s", "^", "D", "v", "P")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def over_questions(seeds: Sequence[Array]) -> Interval:
    """The mean over seeds and questions, with a 95 % interval by a bootstrap over questions."""
    return bootstrap_mean([float(one) for one in np.mean(seeds, axis=0)])


def percent(value: float) -> str:
    """Without its sign."""
    return f"{100 * value:.1f}"


def interval(found: Interval) -> str:
    """A share in per cent, with its bounds."""
    return f"{percent(found.value)} ({percent(found.low)}–{percent(found.high)})"


def points(found: Interval) -> str:
    """A difference in points of per cent, with its bounds."""
    return f"{100 * found.value:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"


def spread(seeds: Sequence[float]) -> str:
    """Mean ± standard deviation over seeds, in per cent."""
    deviation = float(np.std(seeds, ddof=1)) if len(seeds) > 1 else 0.0
    return f"{percent(float(np.mean(seeds)))} ± {percent(deviation)}"


def sketch(
    path: Path,
    curves: Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[float]]],
    *,
    title: str,
    across: str,
    up: str = "accuracy, %",
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
) -> None:
    """A plot as PNG and SVG: of each curve x, mean and deviation, both in per cent; x is
    logarithmic. `lines` are of the curve of the same name, dotted."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for number, (name, (x, mean, off)) in enumerate(curves.items()):
        colour, mark = COLOURS[number % 6], MARKS[number % 6]
        style: Any = STYLES[number % 6]
        axes.errorbar(
            x, mean, yerr=off, label=name, color=colour, marker=mark, ms=4, ls=style, capsize=2
        )
        if lines and name in lines:
            axes.plot(*lines[name], color=colour, lw=0.8, ls=":")
    axes.set_xscale("log", base=2)
    ticks = sorted({value for x, *_ in curves.values() for value in x})
    if len(ticks) < 12:
        axes.set_xticks(ticks, [f"{value:g}" for value in ticks])
    axes.set(title=title, xlabel=across, ylabel=up)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    for kind in ("png", "svg"):
        figure.savefig(path.with_suffix(f".{kind}"), dpi=120)
    plt.close(figure)


def write_report(path: Path, text: str) -> None:
    """Write it, and keep the remarks of the one that is there."""
    old = path.read_text() if path.is_file() else ""
    kept = old[old.index(REMARKS) :] if REMARKS in old else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n" + (f"\n{kept}" if kept else ""))
