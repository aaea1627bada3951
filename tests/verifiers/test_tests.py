"""Tests as verifiers: gold scores 1, a known-bad 0, and what cannot be judged scores nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any, ClassVar

import pytest

from ponder.errors import SandboxError
from ponder.sandboxes import Execution, Limits, Outcome, Program, ScriptedSandbox
from ponder.tasks import CodeTask, Key, Test
from ponder.verifiers import HiddenTests, PublicTests

TASK = CodeTask(
    "double", "Double it.", entry_point="f", public_tests=(Test((1,), 2), Test((3,), 6))
)
STDIN = CodeTask("echo", "Echo it.", public_tests=(Test("a", "a\n"),))


def run(program: Program, given: Any) -> Any:
    """Programs by their name."""
    match program.code:
        case "gold":
            return 2 * given[0]
        case "half":
            return 2
        case "raises":
            return Outcome("exception", error="ValueError: no")
        case _:
            return None


class Broken(ScriptedSandbox):
    """Fails on one program."""

    async def run(
        self, program: Program, inputs: Sequence[Any], limits: Limits | None = None
    ) -> Execution:
        if program.code == "broken":
            raise SandboxError("3 workers failed")
        return await super().run(program, inputs, limits)


async def test_gold_scores_1_and_bad_programs_their_share() -> None:
    verdicts = await PublicTests(ScriptedSandbox(run)).judge(TASK, ["gold", "half", "bad"])

    assert [(v.score, v.passed) for v in verdicts] == [(1.0, True), (0.5, False), (0.0, False)]
    assert verdicts[1].reason == "f(3) gave 2, expected 6"


async def test_a_reason_names_the_first_failure_and_how_it_failed() -> None:
    (verdict,) = await PublicTests(ScriptedSandbox(run)).judge(TASK, ["raises"])

    assert verdict.reason == "f(1): exception: ValueError: no"


async def test_programs_are_judged_by_their_output() -> None:
    sandbox = ScriptedSandbox(lambda program, given: Outcome("value", stdout=f"{program.code}\n"))

    verdicts = await PublicTests(sandbox).judge(STDIN, ["a", "b"])

    assert [v.passed for v in verdicts] == [True, False]


async def test_without_tests_nothing_is_judged() -> None:
    (verdict,) = await PublicTests(ScriptedSandbox(run)).judge(CodeTask("t", "s"), ["gold"])

    assert (verdict.score, verdict.passed, verdict.reason) == (None, None, "there are no tests")


async def test_a_sandbox_that_fails_costs_no_other_candidate_its_verdict() -> None:
    broken, gold = await PublicTests(Broken(run)).judge(TASK, ["broken", "gold"])

    assert (broken.score, broken.passed) == (None, None)
    assert broken.reason == "sandbox: 3 workers failed"
    assert gold.passed


async def test_only_inputs_enter_the_sandbox() -> None:
    seen: list[Any] = []
    sandbox = ScriptedSandbox(lambda program, given: seen.append((program, given)))
    key = Key("double", (Test((5,), "expected-5"),))

    await HiddenTests(sandbox, key).judge(TASK, ["gold"])

    assert seen == [(Program("gold", "f"), (5,))]


async def test_expected_values_that_are_pending_come_from_the_canonical_solution() -> None:
    key = Key("double", canonical_solution="gold", pending=((5,), (7,)))

    verdicts = await HiddenTests(ScriptedSandbox(run), key).judge(TASK, ["gold", "half"])

    assert [v.passed for v in verdicts] == [True, False]


async def test_a_canonical_solution_that_fails_leaves_all_unjudged() -> None:
    key = Key("double", canonical_solution="raises", pending=((5,),))

    verdicts = await HiddenTests(ScriptedSandbox(run), key).judge(TASK, ["gold", "bad"])

    assert [v.passed for v in verdicts] == [None, None]
    assert "its canonical solution: exception" in verdicts[0].reason


async def test_a_grade_says_what_it_leaves_out() -> None:
    key = Key("double", (Test((5,), 10),), caveat="1 input is left out")

    (verdict,) = await HiddenTests(ScriptedSandbox(run), key).judge(TASK, ["gold"])

    assert verdict.passed
    assert verdict.reason == "all 1 tests pass (1 input is left out)"


async def test_tests_one_by_one_end_with_the_first_that_fails() -> None:
    sandbox = ScriptedSandbox(run)
    tests = (Test((1,), 2), Test((3,), 6), Test((5,), 10), Test((7,), 14))

    verdicts = await HiddenTests(sandbox, Key("double", tests, one_by_one=True)).judge(
        TASK, ["gold", "half"]
    )

    assert [(v.score, v.passed) for v in verdicts] == [(1.0, True), (0.25, False)]
    assert verdicts[1].reason == "f(3) gave 2, expected 6"
    assert [program.code for program in sandbox.programs].count("half") == 2


def checked(program: Program, checker: str) -> Outcome:
    """Checkers by their name."""
    if checker == "strict" and program.code != "gold":
        return Outcome("exception", error="AssertionError: not so")
    return Outcome("exception", error="NameError: g") if checker == "broken" else Outcome("value")


async def test_a_grade_is_the_share_of_tests_and_checks() -> None:
    key = Key("double", (Test((1,), 2),), checks=("lenient", "strict"))

    verdicts = await HiddenTests(ScriptedSandbox(run, checked), key).judge(TASK, ["gold", "half"])

    assert [(v.score, v.passed) for v in verdicts] == [(1.0, True), (2 / 3, False)]
    assert verdicts[1].reason == "check 2: exception: AssertionError: not so"


async def test_a_check_alone_makes_a_grade() -> None:
    verifier = HiddenTests(ScriptedSandbox(run, checked), Key("double", checks=("strict",)))

    verdicts = await verifier.judge(TASK, ["gold", "half"])

    assert [(v.score, v.passed) for v in verdicts] == [(1.0, True), (0.0, False)]


async def test_a_check_that_the_canonical_solution_fails_leaves_all_unjudged() -> None:
    key = Key("double", (Test((1,), 2),), canonical_solution="gold", checks=("broken",))

    (verdict,) = await HiddenTests(ScriptedSandbox(run, checked), key).judge(TASK, ["gold"])

    assert (verdict.score, verdict.passed) == (None, None)
    assert verdict.reason.endswith(
        "double: its canonical solution: check 1: exception: NameError: g"
    )


async def test_the_canonical_solution_is_run_once() -> None:
    sandbox = ScriptedSandbox(run, checked)
    key = Key("double", canonical_solution="gold", pending=((5,),), checks=("strict",))
    verifier = HiddenTests(sandbox, key)

    await asyncio.gather(*(verifier.judge(TASK, ["half"]) for _ in range(3)))

    assert [program.code for program in sandbox.programs].count("gold") == 2


class Limited(ScriptedSandbox):
    """Remembers the limits it was given."""

    given: ClassVar[list[Limits | None]] = []

    async def run(
        self, program: Program, inputs: Sequence[Any], limits: Limits | None = None
    ) -> Execution:
        self.given.append(limits)
        return await super().run(program, inputs, limits)


async def test_the_key_s_limits_come_before_the_task_s_and_those_before_the_verifier_s() -> None:
    of_key, of_task, other = Limits(threads=1), Limits(threads=2), Limits(threads=3)
    sandbox = Limited(run)
    limited = replace(TASK, limits=of_task)
    key = Key("double", (Test((5,), 10),))

    for task in (limited, TASK):
        await PublicTests(sandbox, other).judge(task, ["gold"])
        await HiddenTests(sandbox, key, other).judge(task, ["gold"])
    await HiddenTests(sandbox, replace(key, limits=of_key), other).judge(limited, ["gold"])

    assert sandbox.given == [of_task, of_task, other, other, of_key]


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "value", [10**5000, ["x" * 10**6] * 9, "\ud800\x1b[2J", [[[]] * 10**6]], ids=count()
)
async def test_a_reason_is_short_whatever_was_returned(value: Any) -> None:
    sandbox = ScriptedSandbox(lambda program, given: Outcome("value", value))

    (verdict,) = await PublicTests(sandbox).judge(TASK, ["any"])

    assert verdict.passed is False
    assert len(verdict.reason.encode()) < 500
