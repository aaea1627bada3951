"""The verifier that says what it is told to, and how solutions become steps."""

import pytest

from ponder.tasks import CodeTask, MathTask
from ponder.verifiers import Verdict
from ponder.verifiers.base import StepVerifier
from ponder.verifiers.scripted import ScriptedVerifier
from ponder.verifiers.steps import problem_of, split_steps

TASK = MathTask("t", "Why?")


async def test_it_scores_by_its_script_and_remembers() -> None:
    verifier = ScriptedVerifier(lambda task, steps: [len(step) / 10 for step in steps])

    one, two = await verifier.judge_steps(TASK, [("a",), ("ab", "abc")])

    assert isinstance(verifier, StepVerifier)
    assert (one.score, two.score) == (0.1, 0.3)
    assert two.steps == (0.2, 0.3)
    assert [judged.steps for judged in verifier.asked] == [("a",), ("ab", "abc")]
    assert verifier.batches == [2]


async def test_it_can_decline_give_a_whole_verdict_or_raise() -> None:
    def script(task: object, steps: tuple[str, ...]) -> str | Verdict:
        if steps[0] == "raise":
            raise ConnectionError("gone")
        return "too long" if steps[0] == "long" else Verdict(0.5, True)

    verifier = ScriptedVerifier(script)  # type: ignore[arg-type]

    long, whole = await verifier.judge(TASK, ["long", "whole"])

    assert (long.score, long.reason) == (None, "too long")
    assert (whole.score, whole.passed) == (0.5, True)
    with pytest.raises(ConnectionError):
        await verifier.judge(TASK, ["raise"])


async def test_a_script_that_miscounts_is_wrong() -> None:
    verifier = ScriptedVerifier(lambda task, steps: [1.0])

    with pytest.raises(AssertionError, match="1 scores for 2 steps"):
        await verifier.judge_steps(TASK, [("a", "b")])


@pytest.mark.parametrize(
    ("how", "text", "steps"),
    [
        ("auto", "a\nb\n\nc\n \nd\n\n", ["a\nb", "c", "d"]),
        ("auto", "a\nb\n", ["a", "b"]),
        ("auto", "one", ["one"]),
        ("auto", " \n\n", []),
        ("blank", "a\nb", ["a\nb"]),
        ("line", "a\n\nb\n", ["a", "b"]),
        (" ки", "a ки\nb ки\n", ["a", "b"]),
        ("auto", "\n\n\n\na\n\n\n\n\n  b", ["a", "  b"]),
    ],
)
def test_solutions_become_steps(how: str, text: str, steps: list[str]) -> None:
    assert split_steps(text, how) == steps


def test_what_a_task_asks_is_words() -> None:
    assert problem_of(TASK) == "Why?"
    assert problem_of(CodeTask("c", "Sort.")) == "Sort."
