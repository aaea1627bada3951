"""What a user gets when a search has ended."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..tasks import AnswerKey, CodeTask, Key, MathTask, Task
from ..verifiers.base import Verdict
from .plain import printable

if TYPE_CHECKING:
    from ..models import Usage
    from ..nodes import Context, Solution

PUBLIC = "public tests"
"""The name of the verifier that programs have unless another is given."""
Writer = Callable[["Solution", "Context"], None]


async def grade(
    key: Key | AnswerKey | None, solution: "Solution", context: "Context"
) -> Verdict | None:
    """The answer's verdict by its key, if there is one. Only now, and only here."""
    if key is None or solution.answer is None:
        return None
    from ..sandboxes import Sandbox
    from ..verifiers import AnswerGrade, HiddenTests

    assert isinstance(context.sandbox, Sandbox)
    grader = AnswerGrade(key) if isinstance(key, AnswerKey) else HiddenTests(context.sandbox, key)
    task = context.run(solution.run).task
    return (await grader.judge(task, [solution.answer]))[0]


def succeeded(task: Task, solution: "Solution", grade: Verdict | None) -> bool:
    """Whether a program passes its public tests; whether a question has an answer, and, where the
    gold one is known, the right one."""
    if isinstance(task, MathTask):
        return solution.final is not None and (grade is None or grade.passed is True)
    return solution.solved


def as_json(solution: "Solution", hidden: Verdict | None, verifier: str) -> None:
    """One JSON object on standard output."""
    more = {"hidden": hidden and asdict(hidden), "verifier": verifier}
    print(json.dumps({**_plain(solution), **more}))


def as_text(task: Task, solution: "Solution", hidden: Verdict | None, verifier: str) -> None:
    """The program, or the worked solution, on standard output; all about it on standard error."""
    if solution.answer is not None and isinstance(task, MathTask):
        print(printable(solution.answer))
    elif solution.answer is not None:
        _print_code(solution.answer)
    for line in _summary(task, solution, hidden, verifier):
        print(printable(line), file=sys.stderr)


def _print_code(code: str) -> None:
    if not sys.stdout.isatty():
        print(code, end="")
        return
    from rich.console import Console
    from rich.syntax import Syntax

    Console().print(Syntax(printable(code), "python", background_color="default"))


def _summary(task: Task, solution: "Solution", hidden: Verdict | None, verifier: str) -> list[str]:
    by_tests = isinstance(task, CodeTask) and verifier == PUBLIC
    said = _verdict(solution.verdict)
    rows = [
        ("answer", solution.final),
        (verifier, said) if by_tests else ("verdict", f"{said} ({verifier})"),
        (
            "hidden tests" if isinstance(task, CodeTask) else "gold answer",
            hidden and _verdict(hidden),
        ),
        ("candidates", _candidates(solution, by_tests)),
        ("stopped", solution.stopped),
    ]
    if solution.faults:
        met = ", ".join(f"{count} × {kind}" for kind, count in solution.faults.items())
        rows.append(("faults met", met))
    lines = [f"{name:<14} {value}" for name, value in rows if value is not None]
    return ["", *lines, "", *_costs(solution)]


def _candidates(solution: "Solution", by_tests: bool) -> str:
    passing = sum(candidate.verdict.passed is True for candidate in solution.candidates)
    tested = f", of which {passing} pass the public tests" if by_tests else ""
    chosen = f"; chosen: {solution.chosen}" if solution.chosen else ""
    return f"{len(solution.candidates)}{tested}{chosen}"


def _verdict(verdict: Verdict) -> str:
    if verdict.passed is None and verdict.score is not None:
        return f"{verdict.score:.3g}: {verdict.reason}"
    if verdict.passed is None:
        return f"not judged: {verdict.reason}" if verdict.reason else "not judged"
    if verdict.passed:
        return "pass"
    share = "" if verdict.score is None else f" ({verdict.score:.0%} of them pass)"
    return f"fail{share}: {verdict.reason}"


def _costs(solution: "Solution") -> list[str]:
    head = f"{'spent on':<14} {'calls':>6} {'prompt':>9} {'reply':>9} {'seconds':>9} {'usd':>9}"
    rows = [*solution.usage_by_kind.items(), ("all", solution.usage)]
    return [head, *(_cost(kind, usage) for kind, usage in rows)]


def _cost(kind: str, usage: "Usage") -> str:
    usd = "unknown" if usage.cost is None else f"{usage.cost:.4f}"
    return (
        f"{kind:<14} {usage.calls:>6} {usage.prompt_tokens:>9} {usage.completion_tokens:>9} "
        f"{usage.seconds:>9.1f} {usd:>9}"
    )


def writer(folder: Path | None) -> Writer:
    """Something that writes a solution into `folder`, which is made (and found writable) now,
    before anything is paid for."""
    if folder is None:
        return lambda solution, context: None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "thoughts.jsonl").open("a").close()
    except OSError as error:
        raise InputError(f"--out {folder}: {error.strerror}") from None
    return lambda solution, context: _write(folder, solution, context)


def _write(folder: Path, solution: "Solution", context: "Context") -> None:
    task = context.run(solution.run).task
    name = "solution.py" if isinstance(task, CodeTask) else "solution.md"
    (folder / name).write_text(solution.answer or "", errors="surrogatepass")
    (folder / "solution.json").write_text(json.dumps(_plain(solution), indent=2) + "\n")
    thoughts = context.thoughts(solution).values()
    lines = [json.dumps(thought.to_json()) + "\n" for thought in thoughts]
    (folder / "thoughts.jsonl").write_text("".join(lines))


def _plain(solution: "Solution") -> dict[str, Any]:
    return {**asdict(solution), "solved": solution.solved}
