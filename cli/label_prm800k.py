"""`ponder label prm800k`: a published data set of people's labels, as examples."""

import asyncio
from collections.abc import AsyncIterable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from ..training import Example
    from ..training.prm800k import Account


def prm800k(
    files: Annotated[
        list[Path],
        typer.Argument(help="phase1_train.jsonl, phase2_train.jsonl … of openai/prm800k."),
    ],
    out: Annotated[Path, typer.Option(help="The file of labelled solutions.")],
    expand: Annotated[
        Literal["chosen", "alternatives", "product"],
        typer.Option(
            help="What a row becomes: the solution that the labeller went along; that and one for "
            "every other rated completion of a step; or all combinations of completions."
        ),
    ] = "alternatives",
    checks: Annotated[
        bool, typer.Option("--checks", help="Take quality control and screening rows, too.")
    ] = False,
    unfinished: Annotated[
        bool,
        typer.Option("--unfinished", help="Take rows, too, whose labeller gave up on them."),
    ] = False,
    grade: Annotated[
        bool, typer.Option(help="Say whether final answers are right, by PRM800K's grader.")
    ] = True,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad rows out, and count them.")
    ] = False,
) -> int:
    """Make labelled solutions of PRM800K's rows, of either phase.

    Solutions end with their first wrong step. The three ratings stay three classes: positive,
    neutral, negative. A file that is there is replaced.

    Exit codes: 0 done, 2 wrong input, 3 something is missing on this machine.
    """
    from ..training import Bad
    from ..training.prm800k import Account, Selection, graded, read_prm800k
    from ..training.rows import refuse_same, write_rows

    refuse_same(out, *files)
    bad, account = Bad(skip_bad), Account()
    select = Selection(expand, checks, unfinished)
    found = read_prm800k(files, select, bad=bad, account=account)
    if grade:
        write_rows(out, _walk(graded(found, account)))
    else:
        write_rows(out, (example for example, _ in found))
    _tell(account, bad.lines(), out)
    return 0


def _walk(examples: "AsyncIterable[Example]") -> "Iterable[Example]":
    """The same, one after the other, for who does not wait."""
    with asyncio.Runner() as runner:
        each = aiter(examples)
        while (example := runner.run(anext(each, None))) is not None:
            yield example


def _tell(account: "Account", bad: Iterable[str], out: Path) -> None:
    for line in (*account.lines(), *bad):
        print(line)
    print(out)
