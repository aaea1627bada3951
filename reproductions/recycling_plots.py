"""The plots of recycling.py."""

from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

from reproductions.curves import Array
from reproductions.instructions import NOISE
from reproductions.recycling_results import CLEAN, NAMES, ORIGINAL, SELECTED, Measured, Results
from reproductions.writing import COLOURS, MARKS, over_questions

KINDS = ("none", *NOISE)


def loss(one: Measured) -> Array:
    """Of the reference answers."""
    return one.loss


def styled(one: Measured) -> Array:
    """Of the teacher's."""
    return one.styled


def right(one: Measured) -> Array:
    """Whether what it writes is."""
    return one.right


def sketch_arms(results: Results, path: Path) -> None:
    """Every arm's students, as PNG and SVG."""
    figure, panels = plt.subplots(1, 3, figsize=(10.5, 4.2), layout="constrained", sharey=True)
    titles = ("held-out loss, nats", "loss in the teacher's words, nats", "right answers, %")
    for axes, what, title in zip(panels, (loss, styled, right), titles, strict=True):
        times = 100 if what is right else 1
        for place, name in enumerate(reversed(NAMES)):
            found = over_questions([what(one) for one in results.students[name]])
            value, low, high = (times * one for one in (found.value, found.low, found.high))
            colour = COLOURS[1 if name == SELECTED else 2 if name in (ORIGINAL, CLEAN) else 0]
            axes.plot([low, high], [place, place], color=colour, lw=1.2)
            seeds = [times * float(what(one).mean()) for one in results.students[name]]
            axes.plot(seeds, [place] * len(seeds), "|", color=colour, ms=6)
            axes.plot(value, place, "o", color=colour, ms=5)
        axes.set(title=title)
        axes.grid(alpha=0.25)
    panels[0].set_yticks(range(len(NAMES)), list(reversed(NAMES)))
    figure.suptitle("Students, by what they were tuned on (95 % over held-out pairs)", fontsize=10)
    _save(figure, path)


def sketch_scores(results: Results, path: Path) -> None:
    """The scores of the original pairs."""
    figure, axes = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    originals = [row["pairs"]["original"] for row in results.stages[SELECTED]]
    for number, kind in enumerate(KINDS):
        scores = [
            (row["ifd"], row["rifd"])
            for row, one in zip(originals, results.noise, strict=True)
            if one == kind and row.get("ifd") is not None and row.get("rifd") is not None
        ]
        if scores:
            x, y = zip(*scores, strict=True)
            style: dict[str, Any] = {"color": COLOURS[number % 6], "marker": MARKS[number % 6]}
            axes.scatter(x, y, s=14, alpha=0.7, label=kind, **style)
    for line in (axes.axvline, axes.axhline):
        line(1, color="black", lw=0.6, ls=":")
    axes.set(xscale="log", yscale="log", xlabel="IFD", ylabel="r-IFD")
    axes.set(title="Original pairs, by what is wrong with them")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    for kind in ("png", "svg"):
        figure.savefig(path.with_suffix(f".{kind}"), dpi=120)
    plt.close(figure)
