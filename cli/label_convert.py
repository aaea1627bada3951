"""`ponder label convert`: labelled solutions as others read them, or with another outcome."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import InputError

if TYPE_CHECKING:
    from ..training import Bad


def convert(
    file: Annotated[Path, typer.Argument(help="Labelled solutions: .jsonl(.gz) or .parquet.")],
    to: Annotated[
        Literal["trl", "outcome"],
        typer.Option(
            help="trl: rows for TRL's PRM trainers. outcome: `correct` becomes the verdict of the "
            "model that ponder label synthetic asked, to fit an outcome model to."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The new file.")],
    neutral: Annotated[
        Literal["positive", "negative"] | None,
        typer.Option(help="With --to trl: what a neutral step becomes."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows that cannot be converted.")
    ] = False,
) -> int:
    """Write labelled solutions in another way, and say what was lost.

    TRL's own rows need no way back: they are read as they are, wherever labelled solutions are.

    Exit codes: 0 done, 2 wrong input.
    """
    from ..training import Bad, read_examples
    from ..training.rows import refuse_same, write_rows
    from ..training.trl import all_to_trl

    refuse_same(out, file)
    bad, lost = Bad(skip_bad), Counter[str]()
    if to == "outcome" and neutral is not None:
        raise InputError("--neutral goes with --to trl")
    if to == "trl":
        rows = all_to_trl(read_examples(file, bad, need="labels"), neutral, bad=bad, lost=lost)
    else:
        rows = _outcomes(file, bad)
    print(f"{write_rows(out, rows)} rows")
    for reason, count in lost.most_common():
        print(f"of {count} rows: {reason}")
    for line in bad.lines():
        print(line)
    print(out)
    return 0


def _outcomes(file: Path, bad: "Bad") -> Iterator[dict[str, Any]]:
    """The rows whose every step was judged, with that verdict for their outcome."""
    from ..tasks import read_rows
    from ..training.examples import Unfit, from_row
    from ..training.synthetic import VERIFIED

    for row, where in read_rows(file):
        try:
            from_row(row, where)
            if not isinstance(row.get(VERIFIED), bool):
                raise Unfit(f"it has no `{VERIFIED}` (true or false)")
        except Unfit as unfit:
            bad.row(where, unfit.reason, unfit.detail)
        else:
            yield {**row, "correct": row[VERIFIED]}
