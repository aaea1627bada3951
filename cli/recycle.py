"""`ponder recycle`: selective reflection on instruction data."""

import asyncio
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from json import dumps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..errors import InputError
from ..evals.connect import read_options
from ..evals.headway import Headway
from ..tasks import LoadedTask
from ..training import Bad
from ..training.instructions import Instruction, read_instructions
from .progress import Progress
from .running import put_through
from .tracing import tracing


def recycle(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Pairs: Alpaca's rows, or conversations.")
    ],
    teacher: Annotated[str, typer.Option(help="Rewrites pairs: any model.")],
    student: Annotated[
        str,
        typer.Option(help="Chooses: a folder, a hub id, embedded/…, or ifd:MODEL,… with settings."),
    ],
    out: Annotated[Path, typer.Option(help="The folder that pairs are recycled into.")],
    profile: Annotated[str, typer.Option(help="paper, or fast: shorter replies.")] = "paper",
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", help="As in filter=no, max-tokens=512. Repeatable."),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(help="The student's prompt: vicuna (the default), wiz, alpaca, plain, chat."),
    ] = None,
    mode: Annotated[
        Literal["ids", "official"] | None,
        typer.Option(
            help="How its losses are taken: ids (the default), or as the released script does."
        ),
    ] = None,
    top: Annotated[
        float | None, typer.Option(help="Of the survivors, the percent with the largest IFD.")
    ] = None,
    layout: Annotated[
        Literal["alpaca", "chat", "sharegpt"] | None,
        typer.Option("--format", help="Of the survivors; each row's own if not given."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many pairs.")] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows that cannot be used, and count them.")
    ] = False,
    api_base: Annotated[
        str | None, typer.Option(help="Where the teacher is served, if not at its provider's.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Calls in flight at most.")] = 64,
    attempts: Annotated[int, typer.Option(min=1, help="Tries per call.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 600.0,
    budget: Annotated[
        str, typer.Option(help="Of each pair, as in calls=4,tokens=8000,usd=0.05.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Fixes the sampling, where servers take one.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="End with one JSON object instead.")] = False,
) -> int:
    """Have a teacher reflect on every pair, and keep what the student's IFD and r-IFD choose.

    OUT/data.jsonl (of a .json file data.json) has the survivors, to fit the student to;
    OUT/recycled.jsonl every pair, with its scores and why it was kept or not. The same command goes
    on where an earlier one was stopped, and pays for nothing twice. docs/recycling.md says more.

    Exit codes: 0 every pair is done, 1 some are not, 2 wrong input, 3 something is missing on this
    machine.
    """
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    from ..evals.folder import read_results
    from ..evals.recycling import conclude, opened, survivors
    from ..evals.spec import Spec
    from ..models import Budget

    if top is not None and not 0 < top <= 100:
        raise InputError(f"--top {top:g}: must be above 0, and at most 100 (percent)")
    limits = Budget.parse(budget)
    spec = Spec(
        "reflect",
        profile,
        read_options(option or []),
        teacher,
        verifier=verifier_of(student, mode, template),
        budget={name: getattr(limits, name) for name in limits.__slots__},
        seed=seed,
        api_base=api_base,
        concurrency=concurrency,
        attempts=attempts,
        timeout=timeout,
    )
    spec.build()
    pairs = Pairs(data, limit, Bad(skip_bad))
    far = Headway(pairs.count())
    with tracing(), opened(spec, out, data) as arm:
        far.begin(read_results(out))
        with Progress({arm.name: far}) as progress:
            asyncio.run(put_through(pairs.tasks(), arm, concurrency, progress))
        student_read = getattr(arm.context.judging, "forwards", 0)
    into = survivors(out, data)
    summary = conclude(out, pairs.rows(), into, layout=layout, percent=top)
    summary = replace(summary, read=student_read, read_for=far.done - far.before)
    for line in pairs.bad.lines():
        print(line, file=sys.stderr)
    if json:
        print(dumps(summary.to_json()))
    else:
        print("\n".join([*summary.lines(), f"{into}: {summary.written} pairs"]))
    return 0 if far.failed == 0 else 1


def verifier_of(student: str, mode: str | None, template: str | None) -> str:
    """The student as a verifier's name.

    Raises:
        InputError: its settings are said in two places.
    """
    said = {"mode": mode, "template": template}
    if student.startswith("ifd:"):
        for name, value in said.items():
            if value is not None:
                raise InputError(f"--student {student} has its own settings: give {name}= in it")
        return student
    settings = {"mode": mode or "ids", "template": template or "vicuna"}
    told = ",".join(f"{name}={value}" for name, value in settings.items())
    model = student.removeprefix("transformers/").removeprefix("embedded/")
    return f"ifd:{model},{told}"


@dataclass
class Pairs:
    """The pairs of a file."""

    path: Path
    limit: int | None
    bad: Bad = field(default_factory=Bad)

    def rows(self) -> Iterator[Instruction]:
        """Each of them. What is bad is counted once, however often they are read."""
        bad = Bad(self.bad.skip)
        for number, one in enumerate(read_instructions(self.path, bad)):
            if number == self.limit:
                break
            yield one
        self.bad = bad

    def count(self) -> int:
        """How many there are.

        Raises:
            InputError: one is bad, or there are none.
        """
        found = sum(1 for _ in self.rows())
        if not found:
            raise InputError(f"{self.path}: has no pair that can be used")
        return found

    def tasks(self) -> Iterator[LoadedTask[Any, Any]]:
        """Each as a task."""
        return (LoadedTask(one.task, None) for one in self.rows())
