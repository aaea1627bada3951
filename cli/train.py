"""`ponder train`: fitting verifiers, and what all fits have in common."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError
from ..evals.connect import read_options
from ..training import Bad, orm_options, prm_options, read_examples
from ..training.processbench import read_processbench

if TYPE_CHECKING:
    from ..training import Fitted

app = typer.Typer(help="Fit verifiers, and language models.")

DataFile = Annotated[
    Path, typer.Argument(metavar="DATA", help="Labelled solutions: .jsonl(.gz), .json, .parquet.")
]
Base = Annotated[str, typer.Option(help="The model to begin from: a folder, or an id on the hub.")]
Out = Annotated[Path, typer.Option(help="The fitted model's folder.")]
Validation = Annotated[
    Path | None,
    typer.Option(help="Labelled solutions to validate on; a share of DATA's questions if not."),
]
Pool = Annotated[
    Path | None,
    typer.Option(help="Many solutions of each question, with `correct`: best-of-n is measured."),
]
Setting = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", help="A setting, as in -o lr=1e-5. Repeatable."),
]
Lora = Annotated[
    bool, typer.Option("--lora", help="Fit by LoRA (of rank 16, or -o lora=RANK), and merge it.")
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out rows that cannot be used, and count them.")
]
Seed = Annotated[int, typer.Option(min=0, help="Fixes the fit, on one machine.")]


@app.callback()
def train() -> None:
    """Fit verifiers, and language models."""


@app.command("prm")
def train_prm(
    data: DataFile,
    base: Base,
    out: Out,
    validation: Validation = None,
    pool: Pool = None,
    processbench: Annotated[
        Path | None, typer.Option(help="ProcessBench's rows: finding first errors is measured.")
    ] = None,
    profile: Annotated[str, typer.Option(help="paper-a (2305.20050) or paper-b (2408.03314).")] = (
        "paper-b"
    ),
    option: Setting = None,
    lora: Lora = False,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
) -> int:
    """Fit a process reward model to labelled steps. Then `--verifier prm:OUT` judges by it.

    The same command goes on where an earlier one was stopped. docs/training.md has the rows, the
    settings, and what is written.
    """
    options = prm_options(profile, **settings_of(option, lora, seed))
    bad = Bad(skip_bad)
    rows = list(read_examples(data, bad, need="labels"))
    others = {
        "validation": rows_of(validation, bad, "labels"),
        "pool": rows_of(pool, bad, "correct"),
        "processbench": list(read_processbench(processbench, bad)) if processbench else [],
    }
    refuse_none(rows, data)

    def fit() -> "Fitted":
        from ..training import fit_prm

        return fit_prm(rows, base, out, options, **others, bad=bad, say=say)

    return run(fit, bad, out, f"verifier             prm:{out}")


@app.command("orm")
def train_orm(
    data: DataFile,
    base: Base,
    out: Out,
    validation: Validation = None,
    pool: Pool = None,
    profile: Annotated[str, typer.Option(help="paper-a (2305.20050) or paper-b (2408.03314).")] = (
        "paper-a"
    ),
    option: Setting = None,
    lora: Lora = False,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
) -> int:
    """Fit an outcome reward model to graded solutions. Then `--verifier orm:OUT` judges by it.

    Otherwise as `ponder train prm`.
    """
    options = orm_options(profile, **settings_of(option, lora, seed))
    bad = Bad(skip_bad)
    rows = list(read_examples(data, bad, need="correct"))
    others = {
        "validation": rows_of(validation, bad, "correct"),
        "pool": rows_of(pool, bad, "correct"),
    }
    refuse_none(rows, data)

    def fit() -> "Fitted":
        from ..training import fit_orm

        return fit_orm(rows, base, out, options, **others, bad=bad, say=say)

    return run(fit, bad, out, f"verifier             orm:{out}")


RANK = 16
"""LoRA's, where none is given."""


def settings_of(option: list[str] | None, lora: bool, seed: int) -> dict[str, Any]:
    """The settings that are given, however they are."""
    given = read_options(option or [])
    if "seed" in given:
        raise InputError("setting seed: say --seed instead")
    if lora:
        given.setdefault("lora", RANK)
    return {**given, "seed": seed}


def rows_of(path: Path | None, bad: Bad, need: Any) -> list[Any]:
    """The rows of a file that may not be given."""
    return [] if path is None else list(read_examples(path, bad, need=need))


def refuse_none(rows: Iterable[Any], path: Path) -> None:
    """Raises:
    InputError: there are no rows.
    """
    if not rows:
        raise InputError(f"{path}: has no row that can be used")


def run(
    fit: "Callable[[], Fitted]", bad: Bad, out: Path, known_as: str, what: str = "solutions"
) -> int:
    """Make the fit, and print what came of it."""
    try:
        fitted = fit()
    except KeyboardInterrupt:
        from ..training.checkpoints import CHECKPOINTS, last_whole, step_of

        found = last_whole(out / CHECKPOINTS)
        at = f"step {step_of(found)}" if found else "the beginning"
        say(f"stopped; the same command goes on from {at}")
        return 130
    for line in bad.lines():
        say(line)
    chosen = f", the best of {fitted.steps}" if fitted.best_step < fitted.steps else ""
    print(f"fitted to {fitted.examples} {what}; step {fitted.best_step}{chosen}")
    for name, value in fitted.validation.items():
        print(f"{name:<20} {value:.4g}")
    if "threshold" in fitted.validation:
        say("f1 is that of the best threshold for these validation data, so it is too good")
    print(known_as)
    return 0


def say(line: str) -> None:
    """A line beside the result."""
    print(line, file=sys.stderr)
