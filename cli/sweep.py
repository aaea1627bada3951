"""`ponder sweep` and `ponder policy`: every strategy with every budget, and then the best for each
difficulty."""

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..evals.connect import read_options, refuse_idle_judge
from ..evals.headway import Headway
from ..tasks import CodeTask
from .eval import Wanted, names_in, options_of
from .progress import Progress
from .solve import DEFAULT_MODEL
from .tracing import tracing

if TYPE_CHECKING:
    from ..evals.folder import RunFolder
    from ..evals.optimal.plan import Planned
    from ..sandboxes import Sandbox


def sweep(
    dataset: Annotated[str, typer.Argument(help="A data set, or a folder or .jsonl of tasks.")],
    model: Annotated[str, typer.Option(envvar="PONDER_MODEL", help="Who answers.")] = DEFAULT_MODEL,
    verifier: Annotated[
        str | None, typer.Option(help="Who judges; searches need one that judges steps.")
    ] = None,
    budgets: Annotated[
        str, typer.Option(help="Generations a question, powers of two.")
    ] = "4,16,64",
    strategies: Annotated[
        str, typer.Option(help="Of best-of-n,beam,lookahead,revisions.")
    ] = "best-of-n,beam,lookahead,revisions",
    trials: Annotated[int, typer.Option(min=1, help="Times, each with a seed of its own.")] = 1,
    difficulty_samples: Annotated[
        int, typer.Option(min=1, help="Answers that tell a question's difficulty.")
    ] = 64,
    out: Annotated[
        Path | None, typer.Option(help="The sweep's folder; sweeps/DATASET if not given.")
    ] = None,
    profile: Annotated[str, typer.Option(help="fast, or paper: as published.")] = "fast",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="An option of the graphs that have it. Repeatable."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many tasks.")] = None,
    ids: Annotated[str | None, typer.Option(help="These tasks alone.")] = None,
    data: Annotated[Path | None, typer.Option(help="The data set's original file.")] = None,
    judge: Annotated[str | None, typer.Option(help="Another model to judge answers.")] = None,
    api_base: Annotated[str | None, typer.Option(help="Where the models are served.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Calls in flight, per model.")] = 64,
    attempts: Annotated[int, typer.Option(min=1, help="Tries per call.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 600.0,
    sandbox: Annotated[str, typer.Option(help="As in ponder solve.")] = "auto",
    seed: Annotated[int, typer.Option(help="Fixes every choice of the searches.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead.")] = False,
) -> int:
    """Try every strategy with every budget on every question, for `ponder policy` to choose from.

    Each is a run in a folder of its own, as of `ponder eval`; one more tells how hard the questions
    are. The same command goes on where an earlier one was stopped; with more budgets, strategies or
    trials it adds to them, and pays for nothing twice.

    Exit codes: 0 every run is whole, 1 some tasks have no result, 2 wrong input, 3 something is
    missing on this machine.
    """
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from ..evals.arms import held
    from ..evals.folder import read_results
    from ..evals.optimal.plan import CALLED, plan
    from ..evals.optimal.sweep import refuse_another, write_sweep
    from ..evals.spec import Spec
    from ..sandboxes import connect as connect_sandbox

    refuse_idle_judge(judge, verifier)
    sizes = [_budget(text) for text in names_in("--budgets", budgets)]
    kinds = names_in("--strategies", strategies)
    if "best-of-n" not in kinds:
        raise InputError(f"--strategies {strategies}: best-of-n is what the others are compared to")
    base = Spec(
        profile=profile, model=model, judge=judge, verifier=verifier, seed=seed, api_base=api_base,
        concurrency=concurrency, attempts=attempts, timeout=timeout, sandbox=sandbox,
    )  # fmt: skip
    graphs = list(CALLED.values())
    options = options_of(graphs, read_options(option or []), None)
    planned = plan(base, sizes, kinds, options=options, trials=trials, samples=difficulty_samples)
    wanted = Wanted(dataset, data, None if ids is None else names_in("--ids", ids), limit)
    folder = out or Path("sweeps") / re.sub(r"[^\w.+-]+", "_", dataset)
    refuse_another(folder, planned)
    box = connect_sandbox(sandbox)
    _refuse_misfits(planned, wanted, box)
    total, names = wanted.count(), [one.name for one in planned]
    with (
        tracing(),
        held([one.spec for one in planned], folder, dataset, data, names) as folders,
    ):
        write_sweep(folder, sizes, planned)
        runs = {one.about.name: Headway(total) for one in folders}
        for one in folders:
            runs[one.about.name].begin(read_results(one.path))
        with Progress(runs) as progress:
            asyncio.run(_run(wanted, planned, folders, box, concurrency, progress))
    _say(folder, json=json)
    return 0 if all(run.failed == 0 for run in runs.values()) else 1


def policy(
    folder: Annotated[Path, typer.Argument(help="A sweep's folder.", metavar="DIR")],
    out: Annotated[
        Path | None, typer.Option(help="The policy; DIR/policy.json if not given.")
    ] = None,
    difficulty: Annotated[
        str, typer.Option(help="predicted (by the verifier's scores) or oracle (by the grades).")
    ] = "predicted",
    bins: Annotated[int, typer.Option(min=1, help="Of equally many questions.")] = 5,
    plots: Annotated[
        Path | None, typer.Option(help="Also write the plots here, as PNG and SVG.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes the folds and the bootstrap.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")] = False,
) -> int:
    """Choose the best strategy for each difficulty and budget of a sweep, and say what that is
    worth. `compute-optimal`, a graph, goes by the policy that this writes."""
    from ..evals.optimal.analysis import BY, analyse, policy_of
    from ..evals.optimal.rows import choices, notes, worth
    from ..evals.optimal.sweep import read_sweep
    from ..evals.table import as_text
    from ..nodes.policy import write_policy

    by = next((one for one in BY if one == difficulty), None)
    if by is None:
        raise InputError(f"--difficulty {difficulty!r} is not one of {', '.join(BY)}")
    swept = read_sweep(folder)
    found = analyse(swept, by, bins, seed)
    file = out or folder / "policy.json"
    write_policy(policy_of(swept, found), file)
    if plots is not None:
        from ..evals.optimal.plots import write_plots

        write_plots(found, plots)
    if json:
        print(dumps({"policy": str(file), **found.to_json()}))
        return 0
    print(as_text(choices(found)))
    print()
    print(as_text(worth(found)))
    for note in notes(found):
        print(f"\n{note}", file=sys.stderr)
    use = f"--graph compute-optimal -o policy={file}"
    uses = use if by == "predicted" else "for analysis alone: without gold answers nobody has it"
    print(f"\n{file}  ({uses})", file=sys.stderr)
    return 0


def _budget(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"--budgets {text!r}: must be whole numbers, as in 4,16,64")
    return int(text)


def _refuse_misfits(planned: "Sequence[Planned]", wanted: Wanted, sandbox: "Sandbox") -> None:
    """See that the model and the verifier can do all of it, on such tasks.

    Raises:
        InputError: they cannot; before anything is made.
    """
    from ..models import Store
    from ..models.base import StepModel
    from ..verifiers import PublicTests
    from ..verifiers.base import StepVerifier

    store = Store()
    context = planned[0].spec.connect(store, sandbox)  # closed, it would close the sandbox
    model, verifier = context.role("model"), context.judging
    store.close()
    first = next(wanted.tasks(), None)
    programs = first is not None and isinstance(first.task, CodeTask)
    if isinstance(verifier, PublicTests) and not programs:
        raise InputError(
            "--verifier: answers to questions need one that judges them, such as prm:PATH or "
            "judge:MODEL"
        )
    searches = [one.name.partition("@")[0] for one in planned if one.by_steps]
    if not searches:
        return
    lacks = {
        "the tasks are programs, which are not written by steps": programs,
        f"model {model.name} does not write by steps": not isinstance(model, StepModel),
        f"verifier {verifier.name} judges no steps": not isinstance(verifier, StepVerifier),
    }
    why = next((reason for reason, so in lacks.items() if so), None)
    if why is not None:
        raise InputError(
            f"{searches[0]} is a search over steps, and {why}: leave searches out with "
            "--strategies best-of-n,revisions"
        )


async def _run(
    wanted: Wanted,
    planned: "Sequence[Planned]",
    folders: "Sequence[RunFolder]",
    sandbox: "Sandbox",
    concurrency: int,
    progress: Progress,
) -> None:
    from ..evals.arms import connected, start
    from ..evals.runner import evaluate
    from ..models import disconnect
    from ..models.base import StepPreparable

    def told(arm: Any, result: Any) -> None:
        progress.finished(arm.name, result)

    with connected(folders, sandbox) as arms:
        try:
            await start(arms)
            for one, arm in zip(planned, arms, strict=True):
                model = arm.context.role("model")
                if one.by_steps and isinstance(model, StepPreparable):
                    await model.ready_to_extend()
            await evaluate(wanted.tasks(), arms, concurrency, told)
        finally:
            await disconnect()


def _say(folder: Path, *, json: bool) -> None:
    from ..evals.optimal.analysis import accuracies
    from ..evals.optimal.grid import order_of
    from ..evals.optimal.rows import costs, strategies
    from ..evals.optimal.sweep import read_sweep
    from ..evals.table import as_text

    swept = read_sweep(folder)
    if json:
        print(dumps(accuracies(swept)))
    else:
        order = order_of(swept.budgets)
        print(as_text(strategies(swept, order)), as_text(costs(swept, order)), sep="\n\n")
        print("\nTokens are the model's, and then the verifier's.", file=sys.stderr)
    print(f"\nponder policy {folder}  chooses the best for each difficulty", file=sys.stderr)
