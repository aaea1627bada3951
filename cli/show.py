"""What a user gets when a search has ended."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..tasks import Key
from ..verifiers.base import Verdict
from .plain import printable

if TYPE_CHECKING:
    from ..models import Usage
    from ..nodes import Context, Solution

Writer = Callable[["Solution", "Context"], None]


async def grade(key: Key | None, solution: "Solution", context: "Context") -> Verdict | None:
    """The answer's verdict on the hidden tests, if there are any. Only now, and only here."""
    if key is None or solution.answer is None:
        return None
    from ..sandboxes import Sandbox
    from ..verifiers import HiddenTests

    assert isinstance(context.sandbox, Sandbox)
    task = context.run(solution.run).task
    return (await HiddenTests(context.sandbox, key).judge(task, [solution.answer]))[0]


def as_json(solution: "Solution", hidden: Verdict | None) -> None:
    """One JSON object on standard output."""
    print(json.dumps({**_plain(solution), "hidden": hidden and asdict(hidden)}))


def as_text(solution: "Solution", hidden: Verdict | None) -> None:
    """The program on standard output, everything about it on standard error."""
    if solution.answer is not None:
        _print_code(solution.answer)
    for line in _summary(solution, hidden):
        print(printable(line), file=sys.stderr)


def _print_code(code: str) -> None:
    if not sys.stdout.isatty():
        print(code, end="")
        return
    from rich.console import Console
    from rich.syntax import Syntax

    Console().print(Syntax(printable(code), "python", background_color="default"))


def _summary(solution: "Solution", hidden: Verdict | None) -> list[str]:
    passing = sum(candidate.verdict.passed is True for candidate in solution.candidates)
    lines = [
        "",
        f"public tests   {_verdict(solution.verdict)}",
        *([f"hidden tests   {_verdict(hidden)}"] if hidden else []),
        f"candidates     {len(solution.candidates)}, of which {passing} pass the public tests"
        + (f"; chosen: {solution.chosen}" if solution.chosen else ""),
        f"stopped        {solution.stopped}",
    ]
    if solution.faults:
        met = ", ".join(f"{count} × {kind}" for kind, count in solution.faults.items())
        lines.append(f"faults met     {met}")
    return [*lines, "", *_costs(solution)]


def _verdict(verdict: Verdict) -> str:
    if verdict.passed is None:
        return f"not judged: {verdict.reason}"
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
    (folder / "solution.py").write_text(solution.answer or "", errors="surrogatepass")
    (folder / "solution.json").write_text(json.dumps(_plain(solution), indent=2) + "\n")
    thoughts = context.thoughts(solution).values()
    lines = [json.dumps(thought.to_json()) + "\n" for thought in thoughts]
    (folder / "thoughts.jsonl").write_text("".join(lines))


def _plain(solution: "Solution") -> dict[str, Any]:
    return {**asdict(solution), "solved": solution.solved}
