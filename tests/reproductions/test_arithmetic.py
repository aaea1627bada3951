import random

from ponder.tasks import final_answer
from reproductions import arithmetic, generator
from reproductions.curves import best_of_n

QUESTION = arithmetic.Question(8, ("+ 7", "* 2", "max 4"))
RIGHT = ("A: 8 + 7 = 5", "B: 5 * 2 = 0", "C: 0 max 4 = 4", "\\boxed{ 4}")
LUCKY = ("A: 8 + 7 = 1", "B: 1 * 2 = 2", "C: 2 max 4 = 4", "\\boxed{ 4}")


def test_a_question_s_own_solution_is_right_and_sound() -> None:
    solution = arithmetic.Solution(QUESTION, RIGHT)

    assert QUESTION.lines == RIGHT
    assert solution.correct
    assert solution.sound
    assert solution.labelled().labels == (1.0, 1.0, 1.0, 1.0)


def test_a_right_answer_may_have_a_wrong_line_and_is_labelled_up_to_that() -> None:
    solution = arithmetic.Solution(QUESTION, LUCKY)

    assert solution.correct
    assert solution.first_wrong == 0
    assert solution.labelled().labels == (0.0, None, None, None)


def test_what_was_cut_off_has_no_answer() -> None:
    assert arithmetic.Solution(QUESTION, RIGHT[:2], ended=False).answer is None
    assert arithmetic.Solution(QUESTION, RIGHT[:2]).first_wrong == 2


def test_ponder_reads_the_answer_that_the_task_means() -> None:
    assert final_answer("\n".join(RIGHT)) == QUESTION.answer


def test_every_text_comes_back_from_its_tokens_and_a_line_is_six() -> None:
    words = generator.tokenizer()
    question, solved = generator.written(words, QUESTION, RIGHT)

    assert words.decode(question[1:]) == QUESTION.text
    assert words.decode(solved[:-1]) == "\n".join(RIGHT)
    assert len(words.encode(RIGHT[0] + "\n", add_special_tokens=False)) == 6


def test_who_holds_misconceptions_makes_the_mistakes_that_they_are() -> None:
    beliefs = arithmetic.misconceptions()
    numbers = random.Random(0)
    some = [arithmetic.draw(numbers, 3, 8) for _ in range(200)]
    written = [arithmetic.Solution(one, arithmetic.careless(one, beliefs, numbers)) for one in some]

    wrong = [one for one in written if not one.sound]
    assert 60 < len(wrong) < 160
    assert any(one.correct for one in wrong)


def test_marks_are_of_those_who_hold_the_same_misconceptions() -> None:
    lines, corrections, marks = arithmetic.homework(QUESTION, {}, random.Random(3))

    written = [int(line.rstrip("}").rpartition(" ")[2]) for line in lines]
    assert [a == b for a, b in zip(written, corrections, strict=True)] == list(marks)
    assert marks[-1]


def test_best_of_n_is_the_mean_over_all_draws() -> None:
    scores = [0.1, None, 0.9, 0.5]
    correct = [True, True, False, True]

    found = best_of_n(scores, correct, [1, 2, 4])

    assert found[0] == 0.5, "of single draws two are right; the one without a score never is"
    assert found[1] == 0.5, "of six pairs three have the wrong one, which is scored best"
    assert found[2] == 0.0
