"""`ponder report`: one page of one run, or of several to compare."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError


def report(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of runs, or of folders of runs.", metavar="DIR…")
    ],
    out: Annotated[Path, typer.Option(help="The page.")] = Path("report.html"),
    plots: Annotated[
        Path | None, typer.Option(help="Also write the plots here, as PNG and SVG.")
    ] = None,
    thoughts: Annotated[
        str,
        typer.Option(help="Of each search: all, chosen (what the answer came from), or none."),
    ] = "all",
    most_mb: Annotated[
        float, typer.Option(min=0.1, help="Megabytes that searches may take; the page says what is "
                            "left out.")
    ] = 64.0,
) -> int:  # fmt: skip
    """Write one HTML page that needs nothing else: curves, costs, tasks, and every search."""
    from ..evals.report import sources, write_report

    if thoughts not in ("all", "chosen", "none"):
        raise InputError(f"--thoughts {thoughts!r} is not one of all, chosen, none")
    found = sources(folders)
    if plots is not None:
        from ..evals.report.plots import write_plots

        write_plots(found, plots)
    levels = write_report(found, out, thoughts, most_mb)
    less = sum(number for level, number in levels.items() if level not in ("all", "chosen"))
    note = f"; {less} searches not whole (--most-mb {most_mb:g})" if less else ""
    print(f"{out}: {', '.join(one.name for one in found)}, {out.stat().st_size / 1e6:.1f} MB{note}")
    return 0
