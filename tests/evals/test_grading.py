"""Grades: by both suites, each answer once."""

from typing import Any

from ponder.evals.grading import Grade, Grader, grade
from ponder.sandboxes import Outcome, Program, ScriptedSandbox
from ponder.tasks import AnswerKey, CodeTask, Key, LoadedTask, MathTask, Test
from ponder.tasks.humaneval import humaneval_task

TASK = CodeTask("double", "Double it.", entry_point="f")
TESTS = (Test((1,), 2), Test((2,), 4), Test((3,), 6))
TWO_SUITES = LoadedTask(TASK, Key("double", TESTS, base=1))


def run(program: Program, given: Any) -> Any:
    """Programs by what they are right on: every input up to that."""
    right = given[0] <= int(program.code) if program.code.isdigit() else False
    return 2 * given[0] if right else Outcome("exception", error="ValueError: no")


async def test_an_answer_is_right_if_it_passes_both_suites() -> None:
    right, base, wrong = await grade(TWO_SUITES, ["3", "1", "0"], ScriptedSandbox(run))

    assert right == Grade(True, True)
    assert base == Grade(False, True, "f(2): exception: ValueError: no")
    assert wrong == Grade(False, False, "f(1): exception: ValueError: no")


async def test_what_fails_the_first_suite_is_not_run_on_the_second() -> None:
    seen: list[int] = []
    sandbox = ScriptedSandbox(lambda program, given: seen.append(given[0]))

    await grade(TWO_SUITES, ["bad"], sandbox)

    assert seen == [1]


async def test_equal_answers_are_run_once() -> None:
    sandbox = ScriptedSandbox(run)
    grader = Grader(TWO_SUITES, sandbox)

    first = await grader.grade(["0", "0"])
    again = await grader.grade(["0"])

    assert first == again * 2
    assert len(sandbox.programs) == 1


async def test_a_key_with_one_suite_has_no_base_grade() -> None:
    (one,) = await grade(LoadedTask(TASK, Key("double", TESTS)), ["3"], ScriptedSandbox(run))

    assert one == Grade(True, None)


async def test_a_task_without_a_key_has_no_grade() -> None:
    (one,) = await grade(LoadedTask(TASK), ["3"], ScriptedSandbox(run))

    assert one == Grade(reason="the task has no key")


async def test_a_question_is_graded_by_its_gold_answer() -> None:
    question = LoadedTask(MathTask("q", "1 + 1?"), AnswerKey("q", "2"))

    right, wrong = await grade(question, ["So \\boxed{2}", "So \\boxed{3}"], ScriptedSandbox(run))

    assert (right.passed, wrong.passed) == (True, False)


async def test_a_program_for_humaneval_has_the_imports_of_its_prompt() -> None:
    prompt = 'from typing import List\n\ndef f(x: List) -> int:\n    """First."""\n'
    row = {"task_id": "HumanEval/0", "prompt": prompt, "entry_point": "f"}
    test = "def check(candidate):\n    assert candidate([1]) == 1\n"
    loaded = humaneval_task({**row, "canonical_solution": "    return x[0]\n", "test": test})
    sandbox = ScriptedSandbox(lambda program, given: 1)

    await grade(loaded, ["def f(x: List): return 1\n"], sandbox)

    assert sandbox.programs[-1].header == prompt
