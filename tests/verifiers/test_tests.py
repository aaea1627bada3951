"""Tests as verifiers: gold scores 1, a known-bad 0, and what cannot be judged scores nothing."""

from collections.abc import Sequence
from typing import Any

from ponder.errors import SandboxError
from ponder.sandboxes import Execution, Limits, Outcome, Program, ScriptedSandbox
from ponder.tasks import CodeTask, Comparison, Key, Test
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
    key = Key(
        "double", (Test((5,), 10),), unread=("assert f(g())",), caveat="a rule of its own",
        comparison=Comparison(numbers_alike=True),
    )  # fmt: skip

    (verdict,) = await HiddenTests(ScriptedSandbox(run), key).judge(TASK, ["gold"])

    assert verdict.passed
    assert "(a rule of its own)" in verdict.reason
    assert "1 hidden assertions could not be read and were not run" in verdict.reason
