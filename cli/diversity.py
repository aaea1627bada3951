"""`ponder diversity`: how different the answers of a run are."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..evals.connect import connect_models
from .plain import printable

if TYPE_CHECKING:
    from ..evals.diversity import Diversity, Measure, Measured, TaskDiversity


def diversity(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of runs, or folders with runs in them.")
    ],
    judge: Annotated[
        str | None,
        typer.Option(
            help="A model that says which ideas are similar, as PlanSearch measures it. Without "
            "one, samples differ by what they compute or answer, and no model is asked."
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=2, help="Samples of a task that are compared.")] = 40,
    pairs: Annotated[
        int | None,
        typer.Option(min=1, help="Pairs of a task that are judged at most; all if not given."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the choice of samples and pairs.")] = 0,
    budget: Annotated[
        str, typer.Option(help="Limits of the judging of each run, as in calls=4000,usd=0.5.")
    ] = "",
    api_base: Annotated[
        str | None, typer.Option(help="Where the judge is served, if not at its provider's.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Calls in flight at most.")] = 64,
    attempts: Annotated[
        int, typer.Option(min=1, help="Tries per call when a server fails or is overloaded.")
    ] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 600.0,
    sandbox: Annotated[
        str, typer.Option(help="Where programs run: auto, docker, bubblewrap, subprocess.")
    ] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a run.")] = False,
) -> int:
    """Measure how different the answers of runs are: the share of pairs that differ.

    What has been measured is in each run's diversity.jsonl, and is not measured again.

    Exit codes: 0 all tasks were measured, 1 some were not, 2 wrong input, 3 something is missing
    on this machine.
    """
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from ..evals.folder import run_folders
    from ..models import Budget

    paths = [path for folder in folders for path in run_folders(folder)]
    limits = Budget.parse(budget)
    if judge is None:
        from ..evals.diversity import ByBehaviour
        from ..sandboxes import connect

        box = connect(sandbox)
        try:
            return asyncio.run(_measure(paths, ByBehaviour(box, most, seed=seed), as_json=json))
        finally:
            box.close()
    from ..evals.diversity import ByIdeas

    calls: dict[str, Any] = {"concurrency": concurrency, "attempts": attempts, "timeout": timeout}
    model = connect_models({"judge": judge}, api_base, **calls)["judge"]
    return asyncio.run(_measure(paths, ByIdeas(model, most, pairs, seed, limits), as_json=json))


async def _measure(paths: list[Path], how: "Measure", *, as_json: bool) -> int:
    """Every run, one after another; 1 if anything is left unmeasured."""
    from ..evals.diversity import diversities, measure_run
    from ..models import disconnect

    code = 0
    try:
        for path in paths:
            measured = await measure_run(path, how, _tell)
            for found in diversities(measured.rows):
                _print(path, found, as_json=as_json)
            code = 1 if _complain(path, measured) else code
    finally:
        await disconnect()
    return code


def _tell(row: "TaskDiversity") -> None:
    value = "no pairs" if row.value is None else f"{row.value:.2f} of {row.pairs} pairs differ"
    notes = [f"{row.left_out} samples left out" if row.left_out else ""]
    notes += [f"{row.unjudged} pairs not judged" if row.unjudged else "", row.reason]
    line = "; ".join([f"{row.task}: {value}", *filter(None, notes)])
    print(printable(line), file=sys.stderr)


def _print(path: Path, found: "Diversity", *, as_json: bool) -> None:
    from json import dumps

    if as_json:
        print(dumps({"run": str(path), **found.to_json()}))
        return
    shown = "unknown"
    if found.value is not None:
        shown = f"{found.value.value:.3f} [{found.value.low:.3f}, {found.value.high:.3f}]"
    omitted = f", {found.omitted} without pairs" if found.omitted else ""
    print(f"{path}: diversity {shown} over {found.tasks} tasks{omitted} ({found.how})")


def _complain(path: Path, measured: "Measured") -> bool:
    """Say what is left unmeasured, and whether anything is."""
    for task, why in measured.failed.items():
        print(printable(f"{path}: {task}: not measured: {why}"), file=sys.stderr)
    if measured.stopped is not None:
        print(f"{path}: {measured.stopped}; a larger budget goes on from here", file=sys.stderr)
    return bool(measured.failed) or measured.stopped is not None
