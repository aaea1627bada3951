"""`ponder label rollouts`: label every step by how often what follows it comes out right."""

import asyncio
import os
import re
from json import dumps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..errors import InputError
from ..evals.connect import read_options
from ..evals.headway import Headway
from .eval import Wanted, names_in
from .progress import Progress
from .running import put_through
from .solve import DEFAULT_MODEL
from .tracing import tracing


def rollouts(
    dataset: Annotated[
        str,
        typer.Argument(help="Questions with gold answers: gsm8k, math-12k, …, or your .jsonl."),
    ],
    model: Annotated[
        str,
        typer.Option(envvar="PONDER_MODEL", help="Writes the answers and the rollouts."),
    ] = DEFAULT_MODEL,
    out: Annotated[
        Path | None, typer.Option(help="The labels' folder; labels/DATASET if not given.")
    ] = None,
    profile: Annotated[
        str, typer.Option(help="paper: 16 answers and 16 rollouts a step; or fast: 4 and 4.")
    ] = "paper",
    samples: Annotated[int | None, typer.Option(min=1, help="Answers a question.")] = None,
    rollouts: Annotated[
        int | None,
        typer.Option(min=0, help="Rollouts from the end of each step; 0: graded answers alone."),
    ] = None,
    labels: Annotated[
        Literal["soft", "hard"],
        typer.Option(help="soft: the share of rollouts that is right; hard: 1 if any is."),
    ] = "soft",
    unfinished: Annotated[
        Literal["wrong", "out"],
        typer.Option(help="A rollout without a final answer is wrong, or left out of the count."),
    ] = "wrong",
    separator: Annotated[
        str, typer.Option(help=r"What stands between two steps, as in \n for lines.")
    ] = r"\n\n",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="As in temperature=0.7, max-tokens=512. Repeatable."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many questions.")] = None,
    ids: Annotated[str | None, typer.Option(help="These questions alone.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data set's original file.")] = None,
    api_base: Annotated[
        str | None, typer.Option(help="Where the model is served, if not at its provider's.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Calls in flight at most.")] = 64,
    attempts: Annotated[int, typer.Option(min=1, help="Tries per call.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 600.0,
    budget: Annotated[
        str, typer.Option(help="Of each question, as in calls=400,tokens=200000,usd=0.5.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Fixes the sampling, where servers take one.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead.")] = False,
) -> int:
    """Sample answers to every question, and label each of their steps by rollouts from its end.

    OUT/labels.jsonl has a line a solution, as reward models are fitted to. A question's lines come
    when all of its rollouts are graded; the same command goes on where an earlier one was stopped,
    and pays for nothing twice.

    Exit codes: 0 every question is labelled, 1 some are not, 2 wrong input, 3 something is missing
    on this machine.
    """
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from ..evals.folder import read_results
    from ..evals.labelling import Labeller, opened, refuse_unfit, summarise_labels
    from ..evals.spec import Spec
    from ..models import Budget

    limits = Budget.parse(budget)
    between = separator.replace(r"\n", "\n").replace(r"\t", "\t")
    given = {"samples": samples, "rollouts": rollouts, "separator": between}
    spec = Spec(
        "rollouts",
        profile,
        {**_known(option or []), **{k: v for k, v in given.items() if v is not None}},
        model,
        budget={name: getattr(limits, name) for name in limits.__slots__},
        seed=seed,
        api_base=api_base,
        concurrency=concurrency,
        attempts=attempts,
        timeout=timeout,
        labels={"labels": labels, "unfinished": unfinished},
    )
    wanted = Wanted(dataset, data, None if ids is None else names_in("--ids", ids), limit)
    spec.build()
    far = Headway(refuse_unfit(wanted.tasks()))
    folder = out or Path("labels") / re.sub(r"[^\w.+-]+", "_", dataset)
    labeller = Labeller(between, labels, unfinished)
    with tracing(), opened(spec, labeller, folder, dataset, data) as arm:
        far.begin(read_results(folder))
        with Progress({arm.name: far}) as progress:
            asyncio.run(put_through(wanted.tasks(), arm, concurrency, progress))
    summary = summarise_labels(folder)
    print(dumps(summary.to_json()) if json else "\n".join([*summary.lines(), str(folder)]))
    return 0 if far.failed == 0 else 1


def _known(options: list[str]) -> dict[str, Any]:
    """The options as given, but for those that have a name of their own on the command line."""
    read = read_options(options)
    for name in ("samples", "rollouts", "separator"):
        if name in read:
            raise InputError(f"option {name}: give --{name}")
    return read
