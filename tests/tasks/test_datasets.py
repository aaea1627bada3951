"""Data sets in their authors' own formats, in rows of our own."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, MissingError
from ponder.tasks import LoadedTask, Test, hub, load_dataset, load_task

HUMANEVAL: dict[str, Any] = {
    "task_id": "HumanEval/900",
    "prompt": 'import math\n\n\ndef twice(n: int) -> int:\n    """Double n.\n'
    '    >>> twice(2)\n    4\n    """\n',
    "entry_point": "twice",
    "canonical_solution": "    return 2 * n\n",
    "test": "METADATA = {}\n\n\ndef check(candidate):\n    assert candidate(3) == 6\n"
    "    for i in range(5):\n        assert candidate(i) == i + i\n",
}
PLUS = {**HUMANEVAL, "contract": "", "base_input": [[3]], "plus_input": [[10], [-1]], "atol": 0}
HUB_PLUS = {
    **HUMANEVAL,
    "test": "def check(candidate):\n    inputs = [[3], [4]]\n    results = [6, 8]\n"
    "    for inp, exp in zip(inputs, results):\n"
    "        assertion(candidate(*inp), exp, 0.0001)\n",
}
MBPP: dict[str, Any] = {
    "task_id": 901,
    "text": "Write a function to join two tuples.",
    "code": "def join(a, b):\r\n  return a + b",
    "test_setup_code": "",
    "test_list": ["assert join((1,), (2,)) == (1, 2)", "assert join((), ()) == ()"],
    "challenge_test_list": ["assert join((3,), ()) == (3,)"],
}
SANITIZED = {
    "source_file": "x.json", "task_id": 901, "prompt": MBPP["text"], "code": MBPP["code"],
    "test_imports": ["import math"], "test_list": MBPP["test_list"],
}  # fmt: skip
MBPP_PLUS: dict[str, Any] = {
    "task_id": "Mbpp/222",
    "prompt": '"""\nWrite a function to tell.\nassert tell((5, 6)) == True\n"""\n',
    "entry_point": "tell",
    "canonical_solution": "\ndef tell(t):\n  return isinstance(t, tuple)\n",
    "contract": "", "base_input": [[[5, 6]]], "plus_input": [[[1]]], "atol": 0,
}  # fmt: skip


def one(folder: Path, name: str, row: dict[str, Any]) -> LoadedTask:
    path = folder / "rows.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write(json.dumps(row) + "\n")
    return load_task(f"{name}:{row['task_id']}", path)


def test_humaneval_rows_have_their_docstring_s_examples_as_public_tests(tmp_path: Path) -> None:
    loaded = one(tmp_path, "humaneval", HUMANEVAL)

    assert loaded.task.public_tests == (Test((2,), 4),)
    assert loaded.task.starter_code == "import math\n\n\ndef twice(n: int) -> int:\n"
    assert "Double n." in loaded.task.statement
    assert loaded.key is not None
    assert loaded.key.tests == (Test((3,), 6),)


def test_a_test_that_cannot_be_read_is_a_check_with_what_its_prompt_defines(
    tmp_path: Path,
) -> None:
    prompt = "def half(n):\n    return n / 2\n\n\n" + HUMANEVAL["prompt"]
    key = one(tmp_path, "humaneval", {**HUMANEVAL, "prompt": prompt}).key
    assert key is not None
    (check,) = key.checks

    def passes(function: Callable[[int], int]) -> bool:
        try:
            exec(check, {"candidate": function})  # our own text, and our own functions
        except AssertionError:
            return False
        return True

    assert "def half" in check
    assert "def twice" not in check
    assert passes(lambda n: n + n)
    assert not passes(lambda n: 6)


def test_mbpp_assertions_that_cannot_be_read_are_a_check(tmp_path: Path) -> None:
    tests = [*MBPP["test_list"], "assert join((1,), (2,)) == tuple(sorted((2, 1)))"]

    key = one(tmp_path, "mbpp", {**SANITIZED, "test_list": tests}).key

    assert key is not None
    assert key.checks == ("\n".join(["import math", *tests]),)
    assert len(key.tests) == 2


def test_plus_rows_leave_expected_values_to_the_canonical_solution(tmp_path: Path) -> None:
    key = one(tmp_path, "humaneval+", PLUS).key

    assert key is not None
    assert key.pending == ((3,), (10,), (-1,))
    assert key.base == 1
    assert key.comparison.evalplus
    assert key.canonical_solution == HUMANEVAL["prompt"] + HUMANEVAL["canonical_solution"]


def test_plus_rows_of_the_hub_have_inputs_and_results(tmp_path: Path) -> None:
    key = one(tmp_path, "humaneval+", HUB_PLUS).key

    assert key is not None
    assert key.tests == (Test((3,), 6), Test((4,), 8))
    assert key.comparison.absolute_tolerance == 0.0001


@pytest.mark.parametrize(
    ("name", "row", "function", "oracle"),
    [
        ("humaneval+", PLUS, "find_zero", "polynomial_root"),
        ("mbpp+", MBPP_PLUS, "check_str", "not_none"),
        ("mbpp+", MBPP_PLUS, "sum_div", "zero_too"),
        ("mbpp+", MBPP_PLUS, "tell", None),
    ],
)
def test_plus_rows_have_evalplus_s_oracles(
    tmp_path: Path, name: str, row: dict[str, Any], function: str, oracle: str | None
) -> None:
    named = {**row, "entry_point": function, "prompt": row["prompt"].replace("twice", function)}

    key = one(tmp_path, name, named).key

    assert key is not None
    assert key.comparison.oracle == oracle
    assert not key.caveat


def test_a_row_with_very_large_results_has_limits_of_its_own(tmp_path: Path) -> None:
    row = {**MBPP_PLUS, "task_id": "Mbpp/255", "base_input": [[["a"], 1]]}

    key = one(tmp_path, "mbpp+", {**row, "plus_input": [[["a", "b"], 77], [["a"], 2]]}).key

    assert key is not None
    assert key.limits is not None
    assert (key.pending, key.base) == (((["a"], 1), (["a"], 2)), 1)
    assert key.caveat == "1 inputs with very large results are left out"


HUB_MBPP_PLUS = {
    **SANITIZED,
    "test": "inputs = [[[1], [2]]]\nresults = [[1, 2]]\n",
}


@pytest.mark.parametrize(
    ("name", "row", "id", "caveat"),
    [
        ("humaneval+", HUB_PLUS, "HumanEval/32", "the hub's test of this task is wrong"),
        ("humaneval+", PLUS, "HumanEval/32", ""),
        ("mbpp+", HUB_MBPP_PLUS, 229, "this row of the hub has been reported wrong"),
        ("mbpp+", HUB_MBPP_PLUS, 164, "any answer to this task; this row of the hub"),
        ("mbpp+", MBPP_PLUS, "Mbpp/164", "EvalPlus takes any answer to this task"),
        ("mbpp+", HUB_MBPP_PLUS, 794, "asserts nothing"),
        ("mbpp+", MBPP_PLUS, "Mbpp/229", ""),
    ],
)
def test_rows_that_are_known_to_be_bad_are_named_where_they_are(
    tmp_path: Path, name: str, row: dict[str, Any], id: str | int, caveat: str
) -> None:
    key = one(tmp_path, name, {**row, "task_id": id}).key

    assert key is not None
    assert caveat in key.caveat
    assert bool(key.caveat) == bool(caveat)


@pytest.mark.parametrize("row", [MBPP, SANITIZED])
def test_mbpp_rows_show_their_tests_and_no_solution(tmp_path: Path, row: dict[str, Any]) -> None:
    loaded = one(tmp_path, "mbpp", row)

    assert loaded.task.id == "Mbpp/901"
    assert loaded.task.entry_point == "join"
    assert loaded.task.public_tests == (Test(((1,), (2,)), (1, 2)), Test(((), ()), ()))
    assert "assert join((), ()) == ()" in loaded.task.statement
    assert "return a + b" not in repr(loaded.task)
    assert loaded.key is not None
    assert len(loaded.key.tests) == (3 if row is MBPP else 2)


def test_mbpp_plus_inputs_get_back_the_types_json_lacks(tmp_path: Path) -> None:
    loaded = one(tmp_path, "mbpp+", MBPP_PLUS)

    assert loaded.task.public_tests == (Test(((5, 6),), True),)
    assert loaded.key is not None
    assert loaded.key.pending == (((5, 6),), ((1,),))


def test_a_task_may_be_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([SANITIZED]))

    assert load_task("mbpp:901", path).task.id == "Mbpp/901"
    assert [loaded.task.id for loaded in load_dataset("mbpp", path)] == ["Mbpp/901"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("humanevil:HumanEval/3", "'humanevil' is not one of .*did you mean humaneval"),
        ("humaneval:HumanEval/7", "humaneval has no task 'HumanEval/7'; its 1 ids run from"),
        ("humaneval:Mbpp/900", "no task 'Mbpp/900'"),
    ],
)
def test_an_unknown_data_set_or_id_is_refused(tmp_path: Path, name: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(HUMANEVAL))

    with pytest.raises(InputError, match=message):
        load_task(name, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"task_id": "HumanEval/0"}', "rows.jsonl line 1: the field 'prompt' is missing"),
        ('{"task_id": 7}\n{', "rows.jsonl line 2: not JSON"),
        ("{}", "rows.jsonl line 1: the field 'task_id' is missing"),
        ("[1]", "rows.jsonl line 1: not a mapping"),
        (json.dumps({**HUMANEVAL, "task_id": "HumanEval/0", "prompt": "def ("}), "not Python"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text)

    with pytest.raises(InputError, match=message):
        load_task("humaneval:HumanEval/0", path)


@pytest.mark.parametrize("text", ["5", "null", '{"task_id": 7}'])
def test_a_json_file_without_a_list_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(text)

    with pytest.raises(InputError, match=r"rows\.json: not a list of rows"):
        load_task("humaneval:HumanEval/0", path)


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_text("plain")

    with pytest.raises(InputError, match="cannot be read"):
        load_task("humaneval:0", path)
    with pytest.raises(InputError, match="there is no file"):
        load_task("humaneval:0", tmp_path / "absent.jsonl")


def test_without_a_file_and_a_hub_the_user_is_told_what_to_fetch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(MissingError, match=r"fetch data/HumanEval.jsonl.gz of openai/human-eval"):
        load_task("humaneval:0")


def test_a_hub_that_does_not_answer_is_found_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")

    assert not hub.reached()
