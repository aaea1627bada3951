"""`ponder label chains`: revisions with the answers before them, for a verifier of revisions."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer


def chains(
    run: Annotated[Path, typer.Argument(help="What ponder eval --graph refine wrote to.")],
    out: Annotated[Path, typer.Option(help="The new file.")],
) -> int:
    """Write every answer of a run's chains with what its model was asked, and its grade: rows for
    `ponder train orm`. What is fitted to them judges `--graph refine -o in_context=true`.

    Exit codes: 0 done, 2 wrong input.
    """
    from ..evals.labelling.chains import chain_examples
    from ..training.rows import write_rows

    left_out = Counter[str]()
    print(f"{write_rows(out, chain_examples(run, left_out))} rows")
    for reason, count in left_out.most_common():
        print(f"left out {count}: {reason}")
    print(out)
    return 0
