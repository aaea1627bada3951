"""Tests as verifiers: the sandbox says what a program did, the host what that is worth."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..errors import SandboxError
from ..sandboxes.base import Limits, Outcome, Program, Sandbox
from ..tasks import CodeTask, Comparison, Key, Task, Test, right, same_stdout, with_expected
from ..tasks.show import cut, shown
from .base import Verdict

Tests = tuple[Test, ...]
NO_PROGRAM = Verdict(reason="tests judge programs, and the task asks for none")


async def run_tests(
    sandbox: Sandbox,
    program: Program,
    tests: Sequence[Test],
    how: Comparison,
    limits: Limits,
    *,
    checks: Sequence[str] = (),
    one_by_one: bool = False,
) -> Verdict:
    """The verdict of some tests on a program, and of some checks (see `Key.checks`). Inputs go into
    the program's process, expected values and checks do not. `one_by_one`: see `Key`; the score is
    the share that passed before the one that failed.

    A sandbox that fails gives no verdict; the reason says so.
    """
    count = len(tests) + len(checks)
    if not count:
        return Verdict(reason="there are no tests")
    try:
        if one_by_one:
            failures = await _up_to_a_failure(sandbox, program, tests, how, limits)
        else:
            failures = await _failed_tests(sandbox, program, tests, how, limits)
        failures += await _failed_checks(sandbox, program, checks, limits)
    except SandboxError as error:
        return Verdict(reason=f"sandbox: {error}")
    if failures:
        return Verdict((count - len(failures)) / count, False, failures[0])
    return Verdict(1.0, True, f"all {count} tests pass")


async def _failed_tests(
    sandbox: Sandbox, program: Program, tests: Sequence[Test], how: Comparison, limits: Limits
) -> list[str]:
    """A reason for each test that fails."""
    if not tests:
        return []
    execution = await sandbox.run(program, [test.input for test in tests], limits)
    return [
        _reason(program, test, outcome)
        for test, outcome in zip(tests, execution.outcomes, strict=True)
        if not _is_right(program, outcome, test, how)
    ]


async def _up_to_a_failure(
    sandbox: Sandbox, program: Program, tests: Sequence[Test], how: Comparison, limits: Limits
) -> list[str]:
    """A reason for the first test that fails, and for each that was left out then."""
    for number, test in enumerate(tests, 1):
        failed = await _failed_tests(sandbox, program, [test], how, limits)
        if failed:
            return failed + ["not run"] * (len(tests) - number)
    return []


async def _failed_checks(
    sandbox: Sandbox, program: Program, checks: Sequence[str], limits: Limits
) -> list[str]:
    """A reason for each check that fails."""
    failures: list[str] = []
    for number, check in enumerate(checks, 1):
        (outcome,) = (await sandbox.check(program, check, limits)).outcomes
        if outcome.ended != "value":
            failures.append(f"check {number}: {_ending(outcome)}")
    return failures


def _is_right(program: Program, outcome: Outcome, test: Test, how: Comparison) -> bool:
    if outcome.ended != "value":
        return False
    if program.entry_point is None:
        return same_stdout(outcome.stdout, test.expected, how)
    return right(outcome.value, test, how)


def _reason(program: Program, test: Test, outcome: Outcome) -> str:
    """One line that a model can act on: what was asked, and what came of it."""
    if program.entry_point is None:
        asked, got = f"on input {shown(test.input)}", outcome.stdout
    else:
        arguments = ", ".join(map(shown, test.input))
        asked, got = f"{program.entry_point}({cut(arguments)})", outcome.value
    if outcome.ended != "value":
        return f"{asked}: {_ending(outcome)}"
    return f"{asked} gave {shown(got)}, expected {shown(test.expected)}"


def _ending(outcome: Outcome) -> str:
    what = outcome.ended.replace("_", " ")
    return what + (f": {cut(outcome.error)}" if outcome.error else "")


@dataclass(frozen=True)
class PublicTests:
    """Judges by the task's public tests. The score is the share that pass."""

    sandbox: Sandbox
    limits: Limits = field(default_factory=Limits)
    """What a program may use where its task does not say."""
    name: str = "public tests"

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        if not isinstance(task, CodeTask):
            return [NO_PROGRAM] * len(candidates)
        return await asyncio.gather(
            *(
                run_tests(
                    self.sandbox,
                    Program.answering(task, code),
                    task.public_tests,
                    task.comparison,
                    task.limits or self.limits,
                )
                for code in candidates
            )
        )


@dataclass
class _Completed:
    """A key that has been completed, once for all who ask."""

    key: Key | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Suites:
    """The verdict by a key, and what its first suite says alone, where it has two."""

    verdict: Verdict
    """By both: EvalPlus's "plus" asks for the base tests, too."""
    base: bool | None = None
    """Whether the first suite passes. None: the key has one only, or nothing could be judged."""


def _suites(key: Key) -> list[Tests]:
    parts = [key.tests[: key.base], key.tests[key.base :]]
    return [tests for tests in parts if tests] or [()]


def _program(task: CodeTask, key: Key, code: str) -> Program:
    program = Program.answering(task, code)
    return replace(program, header=program.header + key.prompt) if key.prompted else program


@dataclass(frozen=True)
class HiddenTests:
    """Grades by a key, once a search is over. The score is the share of its tests and checks that
    pass. Its reasons quote hidden tests: never show them to a model."""

    sandbox: Sandbox
    key: Key
    limits: Limits = field(default_factory=Limits)
    """What a program may use where neither its key nor its task say."""
    name: str = "hidden tests"
    _completed: _Completed = field(
        default_factory=_Completed, init=False, repr=False, compare=False
    )

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        judged = await self._judge(task, candidates, lambda key: [key.tests])
        return [verdicts[-1] for verdicts in judged]

    async def judge_suites(self, task: Task, candidates: Sequence[str]) -> list[Suites]:
        """As `judge`, suite by suite, where the key has two: as in EvalPlus each has a process of
        its own, in which a program begins anew, and its own limits. The second is not run on what
        fails the first, and the score is the share of the suite that decides."""
        judged = await self._judge(task, candidates, _suites)
        two = isinstance(task, CodeTask) and self.key.base > 0
        return [Suites(one[-1], one[0].passed if two else None) for one in judged]

    async def _judge(
        self, task: Task, candidates: Sequence[str], suites: Callable[[Key], list[Tests]]
    ) -> list[list[Verdict]]:
        """Of each candidate, a verdict of each suite up to the first that it does not pass."""
        if not isinstance(task, CodeTask):
            return [[NO_PROGRAM]] * len(candidates)
        limits = self.key.limits or task.limits or self.limits
        try:
            key = await self._complete(task, limits)
        except SandboxError as error:
            return [[Verdict(reason=f"the key is not complete: {error}")]] * len(candidates)
        return await asyncio.gather(
            *(self._run(_program(task, key, code), key, suites(key), limits) for code in candidates)
        )

    async def _run(
        self, program: Program, key: Key, suites: list[Tests], limits: Limits
    ) -> list[Verdict]:
        caveat = f" ({key.caveat})" if key.caveat else ""
        verdicts: list[Verdict] = []
        for tests in suites:
            checks = key.checks if tests is suites[-1] else ()
            verdict = await run_tests(
                self.sandbox,
                program,
                tests,
                key.comparison,
                limits,
                checks=checks,
                one_by_one=key.one_by_one,
            )
            verdicts.append(replace(verdict, reason=verdict.reason + caveat))
            if not verdict.passed:
                break
        return verdicts

    async def _complete(self, task: CodeTask, limits: Limits) -> Key:
        async with self._completed.lock:
            if self._completed.key is None:
                self._completed.key = await complete(self.key, task, self.sandbox, limits)
            return self._completed.key


async def complete(key: Key, task: CodeTask, sandbox: Sandbox, limits: Limits) -> Key:
    """The key with its pending inputs made tests by its canonical solution, which must pass the
    key's checks, too.

    Raises:
        SandboxError: the sandbox failed, or the canonical solution does.
    """
    if key.canonical_solution is None:
        return key
    program = Program.answering(task, key.canonical_solution)
    for failure in await _failed_checks(sandbox, program, key.checks, limits):
        raise SandboxError(f"{key.task_id}: its canonical solution: {failure}")
    if not key.pending:
        return key
    execution = await sandbox.run(program, key.pending, limits)
    for outcome in execution.outcomes:
        if outcome.ended != "value":
            raise SandboxError(f"{key.task_id}: its canonical solution: {_ending(outcome)}")
    return with_expected(
        key,
        [
            outcome.stdout if task.entry_point is None else outcome.value
            for outcome in execution.outcomes
        ],
    )
