"""Where the final answer of a solution is."""

import time

import pytest

from ponder.tasks import final_answer

BOX = "\\boxed"


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"So \boxed{5}.", "5"),
        (r"First \boxed{4}, no: \boxed{5}.", "5"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{\left\{ 1 \right.}", r"\left\{ 1 \right."),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\fbox{ \boxed{5} }", "5"),
        (r"\boxed{\boxed{1} \boxed{2}}", r"\boxed{1} \boxed{2}"),
        (r"\fbox{5}", "5"),
        (r"\boxed {5}", "5"),
        ("\\boxed{\n5\n}", "5"),
        (r"so \boxed 5 it is", "5"),
        (r"$\boxed \frac{1}{2}$.", r"\frac{1}{2}"),
        (r"so \boxed 5.", "5"),
        (r"\boxedness{3}", None),
        (r"\boxed{3}, or \boxed{4", "3"),
        (r"\boxed{3}, or \boxed{}", "3"),
        (r"\boxed{ }", None),
        ("\\boxed{\ud800\u0663}", "\ud800\u0663"),
    ],
)
def test_the_last_box_is_the_answer(solution: str, answer: str | None) -> None:
    assert final_answer(solution) == answer


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("So 40.\n\n# Answer\n\n40,\\!000", "40,\\!000"),
        ("So 40.\n\n# Answer\n\n$x+1$.\n\nNext problem", "x+1"),
        ("# Answer\n\n", None),
        ("So 72.\n#### 72", "72"),
        ("So 72.\n#### $1,234 \n", "$1,234"),
        ("So 72.\n#### 72\n\nQuestion: What next?", "72"),
        ("So x.\n#### x+1\n", "x+1"),
        ("#### Step 4\nWe add.", None),
        ("##### 5", None),
    ],
)
def test_the_data_sets_marks_are_known(solution: str, answer: str | None) -> None:
    assert final_answer(solution) == answer


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("The final answer is $x^2$. I hope it is correct.", "x^2"),
        ("So the answer is 3.5.", "3.5"),
        ("So the answer is: **7**, quickly.", "7"),
        ("The answer is (C).", "(C)"),
        ("The answer is 4. No, the answer is\n5.", "5"),
        ("the final answer is \\(3\\)!", "3"),
        ("The answer is", None),
        ("No answer is right.", None),
        (r"The answer is \boxed{}.", None),
        (r"The final answer is $\boxed{ }$", None),
        ("# Answer\n\n\\boxed{}", None),
    ],
)
def test_a_phrase_names_the_answer(solution: str, answer: str | None) -> None:
    assert final_answer(solution) == answer


def test_a_box_comes_first_then_the_marks_then_the_phrase() -> None:
    phrase, hashes, heading, box = "The answer is 4.", "#### 3", "# Answer\n\n2\n\n", r"\boxed{1}"

    assert final_answer("\n".join([box, heading, hashes, phrase])) == "1"
    assert final_answer("\n".join([heading, phrase, hashes])) == "2"
    assert final_answer("\n".join([phrase, hashes])) == "3"


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("We get 1,234.5 of 7,", "7"),
        ("x = -3.25 m", "-3.25"),
        ("none", None),
        ("a 1,000.", "1,000"),
    ],
)
def test_the_last_number_is_taken_only_if_asked_for(solution: str, answer: str | None) -> None:
    assert final_answer(solution) is None
    assert final_answer(solution, last_number=True) == answer


@pytest.mark.parametrize(
    "hostile",
    [
        "{" * 200_000,
        BOX + "{" * 200_000,
        (BOX + "{") * 30_000,
        (BOX + "{") * 25_000 + "5" + "}" * 25_000,
        (BOX + " ") * 30_000,
        BOX + " " * 200_000,
        BOX + " {a" * 60_000,
        "\\" * 200_000,
        "#### " * 40_000,
        "# Answer" + " " * 200_000,
        (" \t" * 100 + "\n") * 1_000,
        "the answer is " * 15_000,
        "1,111" * 40_000,
    ],
    ids=range(13),
)
def test_hostile_text_costs_milliseconds(hostile: str) -> None:
    start = time.process_time()

    final_answer(hostile, last_number=True)

    assert time.process_time() - start < 1  # 10 to 70 ms on a quiet core
