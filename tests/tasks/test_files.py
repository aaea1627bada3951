"""Task files: what is in them, and what a user is told when something is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import AnswerKey, CodeTask, Comparison, LoadedTask, MathTask, Test
from ponder.tasks.files import load_file

GOOD: dict[str, Any] = {
    "statement": "Return twice the number.",
    "entry_point": "solve",
    "public_tests": [{"input": [1], "expected": 2}, "assert solve(4) == 8"],
    "hidden_tests": [{"input": [{"$": "tuple", "v": [1, 2]}], "expected": 0}],
}


def load(folder: Path, content: Any, name: str = "task.json") -> LoadedTask:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return load_file(path)


def test_a_file_becomes_a_task_and_a_key(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD)

    assert loaded.task == CodeTask(
        "task",
        "Return twice the number.",
        entry_point="solve",
        public_tests=(Test((1,), 2), Test((4,), 8)),
    )
    assert loaded.key is not None
    assert loaded.key.tests == (Test(((1, 2),), 0),)


def test_a_file_may_ask_for_a_method(tmp_path: Path) -> None:
    task = load(tmp_path, {**GOOD, "entry_point": "Solution.solve"}).task

    assert task.entry_point == "Solution.solve"
    assert task.public_tests[1] == Test((4,), 8)


def test_a_file_without_hidden_tests_has_no_key(tmp_path: Path) -> None:
    content = {key: value for key, value in GOOD.items() if key != "hidden_tests"}

    assert load(tmp_path, content).key is None


def test_a_file_chooses_how_answers_are_compared(tmp_path: Path) -> None:
    how: dict[str, Any] = {
        "relative_tolerance": 1e-3,
        "top_tuple_is_list": True,
        "oracle": "not_none",
    }

    loaded = load(tmp_path, {**GOOD, "comparison": how})

    assert loaded.task.comparison == Comparison(**how)
    assert loaded.key is not None
    assert loaded.key.comparison == Comparison(**how)


def test_yaml_holds_programs_that_read_standard_input(tmp_path: Path) -> None:
    text = 'statement: Sum.\npublic_tests:\n- input: "1 2"\n  expected: "3"\n'

    loaded = load(tmp_path, text, "sum.yaml")

    assert loaded.task.mode == "stdin"
    assert loaded.task.public_tests == (Test("1 2", "3"),)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"statement": None}, "`statement`: input should be a valid string"),
    ({"public_tests": []}, "`public_tests` must be a list of at least one test"),
    ({"public_tests": "assert"}, "`public_tests`"),
    ({"public_tests": [{"input": [1]}]}, "`public_tests.1.expected` is missing"),
    ({"public_tests": [{"input": 1, "expected": 2}]}, "list of the function's arguments"),
    ({"public_tests": ["assert solve(x) == 1"]}, "not of the form"),
    ({"public_tests": [{"input": [{"$": "tuple"}], "expected": 1}]}, "`public_tests` 1"),
    ({"entry_point": "not a name"}, "`entry_point`"),
    ({"entry_point": "a.b.c"}, "`entry_point`"),
    ({"entry_point": None, "public_tests": ["assert f()"]}, "an assertion needs an `entry_point`"),
    ({"timeout": 3}, "`timeout` is not one of id, statement"),
    ({"comparison": {"absolute_tolerance": -1}}, "`comparison.absolute_tolerance`"),
    ({"comparison": {"tolerance": 1}}, "`comparison.tolerance` is not one of absolute_tolerance"),
    ({"comparison": {"oracle": "delphi"}}, "an oracle is one of truth, any, not_none"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path, {**GOOD, **change})

    assert message in str(error.value)
    assert str(tmp_path / "task.json") in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["statement", "public_tests"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    content = {key: value for key, value in GOOD.items() if key != field}

    with pytest.raises(InputError, match=f"`{field}` is missing"):
        load(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.json", "{", "line 1: not JSON"),
        ("t.json", "[1]", "a task is a mapping"),
        ("t.yaml", "b: 1\na: [", "line 2: not YAML"),
        ("t.yaml", "a: 1\na: 2", "a is given twice"),
        ("t.yaml", "a: &x [1]\nb: [*x, *x]", "aliases are not read"),
        ("t.yaml", "!!python/object/apply:os.system ['true']", "not YAML"),
        ("t.yaml", "", "a task is a mapping"),
        ("t.json", "[" * 100_000, "cannot be read"),
    ],
)
def test_what_cannot_be_parsed_is_refused(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load(tmp_path, text, name)


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no task file"):
        load_file(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="directory"):
        load_file(tmp_path)


@pytest.mark.parametrize("value", ["2024-01-01", "!!set {a}"])
def test_yaml_values_that_no_test_can_hold(tmp_path: Path, value: str) -> None:
    text = f"statement: S\nentry_point: f\npublic_tests:\n- input: [{value}]\n  expected: 1\n"

    if value.startswith("!!set"):
        assert load(tmp_path, text, "t.yaml").task.public_tests[0].input == ({"a"},)
    else:
        with pytest.raises(InputError, match="a date cannot be expressed as data"):
            load(tmp_path, text, "t.yaml")


QUESTION: dict[str, Any] = {"question": "What is $1+1$?", "answer": "2", "grading": "prm800k"}


def test_a_file_with_a_question_asks_for_an_answer(tmp_path: Path) -> None:
    loaded: LoadedTask[Any, Any] = load(tmp_path, {**QUESTION, "id": "sum", "solution": "Two."})

    assert loaded.task == MathTask("sum", "What is $1+1$?")
    assert loaded.key == AnswerKey("sum", "2", "prm800k", "Two.")


def test_a_question_alone_has_no_key(tmp_path: Path) -> None:
    loaded: LoadedTask[Any, Any] = load(tmp_path, "question: Why?\n", "why.yaml")

    assert loaded.task == MathTask("why", "Why?")
    assert loaded.key is None


@pytest.mark.parametrize(("given", "answer"), [("72", "72"), ("-0.5", "-0.5"), ("'x'", "x")])
def test_an_answer_may_be_a_number(tmp_path: Path, given: str, answer: str) -> None:
    loaded: LoadedTask[Any, Any] = load(tmp_path, f"question: Q\nanswer: {given}\n", "t.yaml")

    assert loaded.key == AnswerKey("t", answer)


def test_an_answer_may_be_left_to_the_solution(tmp_path: Path) -> None:
    loaded: LoadedTask[Any, Any] = load(tmp_path, {"question": "Q", "solution": "So \\boxed{7}."})

    assert loaded.key == AnswerKey("task", "7", solution="So \\boxed{7}.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({**QUESTION, "question": " "}, "`question`: string should have at least 1 character"),
        ({**QUESTION, "answer": ""}, "`answer`: string should have at least 1 character"),
        ({**QUESTION, "answer": [2]}, "`answer`: input should be a valid string, not '[2]'"),
        ({**QUESTION, "grading": "mine"}, "`grading`: input should be 'math-verify' or 'prm800k'"),
        ({**QUESTION, "statement": "S"}, "`statement` is not one of id, question, answer"),
        ({"question": "Q", "solution": "Two."}, "`solution` ends in no \\boxed{…}: give its `an"),
        ({"answer": "2"}, "`statement` and `public_tests` (to ask for a program) or `question`"),
        ([], "`statement` and `public_tests` (to ask for a program) or `question` (for an answer)"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_in_one_line(
    tmp_path: Path, content: Any, message: str
) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path, content)

    assert message in str(error.value)
    assert "\n" not in str(error.value)
