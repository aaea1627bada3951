"""`ponder label synthetic`: a large reward model's labels, in people's place."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from .score import connected, score_into


def synthetic(
    file: Annotated[
        Path, typer.Argument(help="Solutions: `prompt` and `completions`; labels are replaced.")
    ],
    verifier: Annotated[
        str, typer.Option(help="Judges steps: prm:PATH, judge:MODEL or remote-prm:URL.")
    ],
    out: Annotated[Path, typer.Option(help="The file of labelled solutions, appended to.")],
    negative_above: Annotated[
        float,
        typer.Option(min=0, max=1, help="The p(negative) above which a step is wrong."),
    ] = 0.20,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad rows out, and count them.")
    ] = False,
) -> int:
    """Label solutions by a large reward model, up to the first step it thinks wrong.

    OUT has the rows with `labels`, `verified` (whether every step passes) and `negative`, the
    p(negative) of each step. With `correct` these are three kinds of supervision on the same data:
    ponder train prm OUT; ponder train orm OUT; and ponder train orm of what ponder label convert
    OUT --to outcome writes. The same command goes on where an earlier one was stopped.

    Exit codes: 0 every solution is labelled, 1 some are not, 2 wrong input, 3 something is missing
    on this machine.
    """
    from ..evals.scoring import supervised
    from ..evals.scoring.score import SUPERVISED
    from ..training import Bad, read_examples
    from ..training.synthetic import VERIFIED

    judge, bad = connected(verifier), Bad(skip_bad)
    make = supervised(judge, negative_above)
    by = {"verifier": verifier, "negative_above": negative_above}
    account = score_into(file, judge, out, by, SUPERVISED, make, bad)
    for line in (*account.lines(), *bad.lines()):
        print(line)
    counts = Counter[str]()
    for example in read_examples(out) if account.earlier + account.scored else ():
        counts.update(["passed", "wrong", "unjudged"][_place(label)] for label in example.labels)
        counts[VERIFIED] += all(label == 1 for label in example.labels)
    print(
        f"steps: {counts['passed']} pass, {counts['wrong']} wrong, {counts['unjudged']} after one"
    )
    print(f"{counts[VERIFIED]} solutions pass whole")
    if account.earlier + account.scored:
        print(out)
    return 1 if account.unscored else 0


def _place(label: object) -> int:
    return 2 if label is None else int(label != 1)
