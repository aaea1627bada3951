"""Grades by gold answers: gold scores 1, a known-bad 0, what cannot be judged nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ponder.tasks import AnswerKey, CodeTask, MathTask, load_task
from ponder.tasks.grader_pool import GraderPool
from ponder.verifiers import AnswerGrade

TASK = MathTask("sum", "What is $1+1$?")
KEY = AnswerKey("sum", "\\sqrt{4}")


@pytest.fixture(scope="module")
def pool() -> Iterator[GraderPool]:
    pool = GraderPool(workers=1, seconds=1.0)
    yield pool
    pool.close()


async def test_gold_scores_1_a_wrong_answer_0_and_a_hanging_one_nothing(pool: GraderPool) -> None:
    solutions = ["So \\boxed{2}.", "So \\boxed{3}.", "\\boxed{9**9**9**9}", "I do not know."]

    verdicts = await AnswerGrade(KEY, pool=pool).judge(TASK, solutions)

    assert [(v.score, v.passed) for v in verdicts] == [
        (1.0, True),
        (0.0, False),
        (None, None),
        (0.0, False),
    ]
    assert [v.reason for v in verdicts] == [
        "answered 2",
        "answered 3, expected \\sqrt{4}",
        "answered 9**9**9**9: comparing them takes more than 1 seconds",
        "no final answer",
    ]


async def test_a_key_says_by_whose_rules_it_is_graded(pool: GraderPool) -> None:
    strict = AnswerKey("half", "\\frac{1}{2}", "prm800k")
    lenient = AnswerKey("half", "\\frac{1}{2}")

    graded = [
        (await AnswerGrade(key, pool=pool).judge(TASK, ["\\boxed{2/4}"]))[0].passed
        for key in (strict, lenient)
    ]

    assert graded == [False, True]


async def test_the_last_number_counts_only_if_asked_for(pool: GraderPool) -> None:
    solution = "That makes 2 of them"

    graded = [
        (await AnswerGrade(KEY, last_number=last, pool=pool).judge(TASK, [solution]))[0].passed
        for last in (False, True)
    ]

    assert graded == [False, True]


async def test_a_data_set_s_own_solution_is_right(tmp_path: Path, pool: GraderPool) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "?", "answer": "It is 3*400=<<3*400=1200>>1200.\\n#### 1,200"}')
    loaded = load_task("gsm8k:0", path)
    assert isinstance(loaded.key, AnswerKey)

    verdicts = await AnswerGrade(loaded.key, pool=pool).judge(
        loaded.task, ["So 1200.\n#### 1200", "The answer is $1,200.", "\\boxed{1200 nuts}"]
    )

    assert [v.passed for v in verdicts] == [True, True, True]


async def test_a_program_has_no_final_answer(pool: GraderPool) -> None:
    (verdict,) = await AnswerGrade(KEY, pool=pool).judge(CodeTask("t", "s"), ["\\boxed{2}"])

    assert (verdict.score, verdict.passed) == (None, None)


async def test_a_reason_is_short_whatever_was_answered(pool: GraderPool) -> None:
    hostile = ["\\boxed{" + "\ud800 " * 10**5 + "}", "\\boxed{\x1b[2J}"]

    verdicts = await AnswerGrade(KEY, pool=pool).judge(TASK, hostile)

    assert [v.passed for v in verdicts] == [None, False]
    assert all(len(v.reason.encode()) < 500 for v in verdicts)
