"""The plots of an analysis as files: PNG and SVG, by matplotlib."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..report.plots import COLOURS, drawn, finish, line, require_matplotlib
from .analysis import Analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def write_plots(found: Analysis, folder: Path) -> list[Path]:
    """Write `compute_optimal` (accuracy by budget) and `bins` (gain in each bin, by budget); their
    paths.

    Raises:
        MissingError: matplotlib is not installed.
        InputError: the folder cannot be written.
    """
    require_matplotlib()
    plots = {"compute_optimal": _by_budget, "bins": _by_bin}
    return [path for name, draw in plots.items() for path in drawn(draw, found, folder, name)]


def _by_budget(axes: "Axes", found: Analysis) -> bool:
    worth = found.worth
    line(axes, [(one.budget, one.accuracy) for one in worth], 0, f"compute-optimal, {found.by}")
    line(axes, [(one.budget, one.at_baseline) for one in worth], 1, "best-of-n")
    line(axes, [(one.budget, one.fixed) for one in worth], 2, "one strategy for all", "--")
    return finish(axes, "generations a question", "accuracy (%)")


def _by_bin(axes: "Axes", found: Analysis) -> bool:
    width = 0.8 / len(found.worth)
    for place, one in enumerate(found.worth):
        at = [each.bin + (place - (len(found.worth) - 1) / 2) * width for each in one.choices]
        gains = [each.gain for each in one.choices]
        errors = [
            [100 * (gain.value - gain.low) for gain in gains],
            [100 * (gain.high - gain.value) for gain in gains],
        ]
        axes.bar(
            at,
            [100 * gain.value for gain in gains],
            width * 0.9,
            yerr=errors,
            color=COLOURS[place % len(COLOURS)],
            label=f"{one.budget} generations",
        )
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks([each.bin for each in found.worth[0].choices])
    axes.set_xlabel("bin of difficulty (1: easiest)")
    axes.set_ylabel("gain over best-of-n (points)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    return True
