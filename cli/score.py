"""`ponder score`: anybody's solutions, scored by a verifier."""

import asyncio
import math
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError

if TYPE_CHECKING:
    from ..evals.scoring import Account, Make
    from ..training import Bad
    from ..verifiers import Verifier


def score(
    file: Annotated[
        Path,
        typer.Argument(help="Solutions, labelled or not, or ProcessBench's rows: .jsonl(.gz) …"),
    ],
    verifier: Annotated[
        str, typer.Option(help="prm:PATH, orm:PATH, judge:MODEL or remote-prm:URL, with settings.")
    ],
    out: Annotated[Path, typer.Option(help="The file of scored solutions, appended to.")],
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad rows out, and count them.")
    ] = False,
    threshold: Annotated[
        float, typer.Option(help="The score below which a step is called wrong.")
    ] = 0.5,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead.")] = False,
) -> int:
    """Score solutions, each step and the whole, and measure the scores by what is known of them.

    OUT has the rows, with `score`, `scores` (one a step) and `verifier`. The same command goes on
    where an earlier one was stopped. Where rows have labels or `correct`, it says how well the
    scores choose among solutions, find first wrong steps, and are probabilities.

    Exit codes: 0 every solution has a score, 1 some have none, 2 wrong input, 3 something is
    missing on this machine.
    """
    from json import dumps

    from ..evals.scoring import measured, scored
    from ..evals.scoring.score import SCORED
    from ..training import Bad

    if math.isnan(threshold):
        raise InputError("--threshold nan: must be a number")
    judge, bad = connected(verifier), Bad(skip_bad)
    account = score_into(file, judge, out, {"verifier": verifier}, SCORED, scored, bad)
    report = asyncio.run(measured(out, threshold))
    lines = [*account.lines(), *bad.lines()]
    for line in lines:
        print(line, file=sys.stderr if json else sys.stdout)
    written = [str(out)] if report.solutions else []
    print(dumps(report.to_json()) if json else "\n".join([*report.lines(), *written]))
    return 1 if account.unscored else 0


def connected(name: str) -> "Verifier":
    """The verifier of that name, if it can score solutions of others.

    Raises:
        InputError, MissingError: as `connect_verifier`.
    """
    from ..verifiers import connect_verifier

    if name.partition(",")[0] == "tests":
        raise InputError("verifier tests runs programs; solutions are scored by prm:, orm:, judge:")
    return connect_verifier(name)


def score_into(
    path: Path,
    verifier: "Verifier",
    out: Path,
    by: Mapping[str, Any],
    added: tuple[str, ...],
    make: "Make",
    bad: "Bad",
) -> "Account":
    """Score a file into another, telling how far it is.

    Raises:
        InputError: either file is not what it should be, or they are one.
    """
    from ..evals.scoring import ScoreFile, read_solutions
    from ..training.rows import refuse_same

    refuse_same(out, path)
    with ExitStack() as stack:
        close = getattr(verifier, "close", None)
        if close is not None:
            stack.callback(close)
        file = stack.enter_context(ScoreFile(out, by, added))
        return asyncio.run(_score(read_solutions(path, bad), verifier, file, make))


async def _score(rows: Any, verifier: "Verifier", file: Any, make: "Make") -> "Account":
    from ..evals.scoring import score_all
    from ..models import disconnect
    from ..verifiers import Preparable

    live = sys.stderr.isatty()

    def told(account: "Account") -> None:
        if live:
            print(f"{account.earlier + account.scored} scored", end="\r", file=sys.stderr)

    try:
        if isinstance(verifier, Preparable):
            await verifier.ready()
        return await score_all(rows, verifier, file, make, told=told)
    finally:
        await disconnect()
