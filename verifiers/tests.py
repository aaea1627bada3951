"""Tests as verifiers: the sandbox says what a program did, the host what that is worth."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..errors import SandboxError
from ..sandboxes.base import Limits, Outcome, Program, Sandbox
from ..tasks import CodeTask, Comparison, Key, Test, same, same_stdout
from .base import Verdict

SHOWN = 120
"""Characters of a value that a reason shows."""


async def run_tests(
    sandbox: Sandbox,
    program: Program,
    tests: Sequence[Test],
    how: Comparison,
    limits: Limits,
) -> Verdict:
    """The verdict of some tests on a program. Inputs go into the sandbox, expected values do not.

    A sandbox that fails gives no verdict; the reason says so.
    """
    if not tests:
        return Verdict(reason="there are no tests")
    try:
        execution = await sandbox.run(program, [test.input for test in tests], limits)
    except SandboxError as error:
        return Verdict(reason=f"sandbox: {error}")
    outcomes = execution.outcomes
    right = [
        _is_right(program, outcome, test, how)
        for outcome, test in zip(outcomes, tests, strict=True)
    ]
    if all(right):
        return Verdict(1.0, True, f"all {len(tests)} tests pass")
    first = right.index(False)
    reason = _reason(program, tests[first], outcomes[first])
    return Verdict(sum(right) / len(tests), False, reason)


def _is_right(program: Program, outcome: Outcome, test: Test, how: Comparison) -> bool:
    if outcome.ended != "value":
        return False
    if program.entry_point is None:
        return same_stdout(outcome.stdout, test.expected, how)
    return same(outcome.value, test.expected, how)


def _reason(program: Program, test: Test, outcome: Outcome) -> str:
    """One line that a model can act on: the first test that fails, and how."""
    if program.entry_point is None:
        asked, got = f"on input {_short(test.input)}", outcome.stdout
    else:
        arguments = ", ".join(map(repr, test.input))
        asked, got = f"{program.entry_point}({_cut(arguments)})", outcome.value
    if outcome.ended != "value":
        what = outcome.ended.replace("_", " ")
        return f"{asked}: {what}" + (f": {_cut(outcome.error)}" if outcome.error else "")
    return f"{asked} gave {_short(got)}, expected {_short(test.expected)}"


def _short(value: object) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


@dataclass(frozen=True)
class PublicTests:
    """Judges by the task's public tests. The score is the share that pass."""

    sandbox: Sandbox
    limits: Limits = field(default_factory=Limits)
    name: str = "public tests"

    async def judge(self, task: CodeTask, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        return await asyncio.gather(
            *(
                run_tests(
                    self.sandbox,
                    Program(code, task.entry_point),
                    task.public_tests,
                    task.comparison,
                    self.limits,
                )
                for code in candidates
            )
        )


@dataclass(frozen=True)
class HiddenTests:
    """Grades by a key, once a search is over. Its reasons quote hidden tests: never show them to a
    model."""

    sandbox: Sandbox
    key: Key
    limits: Limits = field(default_factory=Limits)
    name: str = "hidden tests"

    async def judge(self, task: CodeTask, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        try:
            key = await complete(self.key, task, self.sandbox, self.limits)
        except SandboxError as error:
            return [Verdict(reason=f"the key is not complete: {error}")] * len(candidates)
        programs = [Program(code, task.entry_point) for code in candidates]
        verdicts = await asyncio.gather(
            *(
                run_tests(self.sandbox, program, key.tests, key.comparison, self.limits)
                for program in programs
            )
        )
        return [replace(verdict, reason=verdict.reason + _caveats(key)) for verdict in verdicts]


def _caveats(key: Key) -> str:
    unread = f"{len(key.unread)} hidden assertions could not be read and were not run"
    return "".join(f" ({note})" for note in (key.caveat, unread if key.unread else "") if note)


async def complete(key: Key, task: CodeTask, sandbox: Sandbox, limits: Limits) -> Key:
    """The key with its pending inputs made tests, by running its canonical solution.

    Raises:
        SandboxError: the sandbox failed, or the canonical solution does.
    """
    if not key.pending:
        return key
    assert key.canonical_solution is not None
    program = Program(key.canonical_solution, task.entry_point)
    execution = await sandbox.run(program, key.pending, limits)
    tests: list[Test] = []
    for given, outcome in zip(key.pending, execution.outcomes, strict=True):
        if outcome.ended != "value":
            raise SandboxError(f"{key.task_id}: its canonical solution: {outcome.ended}")
        expected = outcome.stdout if task.entry_point is None else outcome.value
        tests.append(Test(given, expected))
    return key.with_tests(tuple(tests))
