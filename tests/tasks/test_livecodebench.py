"""LiveCodeBench's rows: their tests, and what is refused in them."""

import base64
import json
import os
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import (
    Comparison,
    LoadedTask,
    Test,
    lcb_tests,
    load_dataset,
    load_task,
    task_from_json,
    task_to_json,
)

from ..support.lcb import listed, row, wrapped, write


def one(folder: Path, given: dict[str, Any], name: str = "livecodebench") -> LoadedTask:
    return load_task(f"{name}:{given['question_id']}", write(folder / "test.jsonl", given))


@pytest.mark.parametrize("pack", [True, False])
def test_a_row_without_a_function_asks_for_a_program(tmp_path: Path, pack: bool) -> None:
    loaded = one(tmp_path, row(pack=pack))

    assert (loaded.task.id, loaded.task.mode) == ("livecodebench/abc900_a", "stdin")
    assert loaded.task.statement == "Say something."
    assert loaded.task.public_tests == (Test("1", "2"),)
    assert loaded.task.comparison == Comparison(tokens_as_decimals=True)
    assert loaded.key is not None
    assert loaded.key.tests == (Test("1", "2"), Test("3", "6"))
    assert loaded.key.limits is not None
    assert loaded.key.limits.cpu_seconds == 6


@pytest.mark.parametrize("pack", [True, False])
def test_a_row_with_a_function_asks_for_a_method_of_solution(tmp_path: Path, pack: bool) -> None:
    cases = [('[1, 2]\n"a\\nb"\nnull', '{"k": [true, 1.5]}')]

    loaded = one(tmp_path, row("2727", cases, cases, function="both", pack=pack))

    test = Test(([1, 2], "a\nb", None), {"k": [True, 1.5]})
    assert loaded.task.entry_point == "Solution.both"
    assert loaded.task.starter_code.startswith("class Solution:\n    def both(")
    assert "from typing import *" in loaded.task.header
    assert loaded.task.public_tests == (test,)
    assert loaded.task.comparison == Comparison(top_tuple_is_list=True)
    assert loaded.key is not None
    assert loaded.key.tests == (test, test)


def test_the_private_tests_are_in_the_key_alone_and_each_runs_alone(tmp_path: Path) -> None:
    loaded = one(tmp_path, row(private=[("secret", "out")]))

    assert "secret" not in repr(loaded.task)
    assert loaded.key is not None
    assert loaded.key.one_by_one


def test_a_name_may_ask_for_the_harness_s_own_rules(tmp_path: Path) -> None:
    function = row("2727", [("1", "1")], [], function="f")

    loaded = one(tmp_path, function, "livecodebench@rules=harness")

    assert loaded.task.comparison == Comparison(top_tuple_is_list=True, numbers_alike=True)
    assert loaded.key is not None
    assert loaded.key.comparison == loaded.task.comparison


def test_large_tests_have_room(tmp_path: Path) -> None:
    big = "7" * 2**24

    key = one(tmp_path, row(private=[(big, big)])).key

    assert key is not None
    assert key.limits is not None
    assert key.limits.input_bytes > 2**24
    assert key.limits.output_bytes > 2**24


def test_a_task_with_a_header_is_stored_with_it(tmp_path: Path) -> None:
    task = one(tmp_path, row()).task

    assert task_from_json(json.loads(json.dumps(task_to_json(task)))) == task


@pytest.mark.parametrize(
    ("id", "title", "caveat"),
    [
        ("abc311_c", "C - Find it!", "several answers are right"),
        ("3032", "find-the-peaks", "several answers are right"),
        ("3032", "Find the Peaks", "several answers are right"),
        ("abc337_e", "E - Bad Juice", "interactive"),
        ("arc189_a", "A - Reversi 2", "known to be wrong"),
        ("abc312_c", "C - Invisible Hand", ""),
    ],
)
def test_problems_that_are_known_to_be_bad_are_named(
    tmp_path: Path, id: str, title: str, caveat: str
) -> None:
    key = one(tmp_path, row(id, question_title=title)).key

    assert key is not None
    assert caveat in key.caveat
    assert bool(key.caveat) == bool(caveat)


class Runs:
    """Creates a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_tests_that_would_run_when_they_are_unpickled_do_not(tmp_path: Path) -> None:
    hostile = wrapped(Runs(tmp_path / "made"))

    with pytest.raises(InputError, match=r"test\.jsonl line 1: a pickle that holds more than a"):
        one(tmp_path, row(private_test_cases=hostile))

    assert not (tmp_path / "made").exists()


def test_tests_that_unpack_to_too_much_are_refused_before_they_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lcb_tests, "LARGEST", 2**20)
    bomb = base64.b64encode(zlib.compress(bytes(2**26))).decode()
    path = write(tmp_path / "test.jsonl", row(private_test_cases=bomb))

    tracemalloc.start()
    with pytest.raises(InputError, match="line 1: its tests unpack to more than 1 MiB"):
        load_task("livecodebench:abc900_a", path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 2**23


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"private_test_cases": "no"}, "its tests are neither JSON nor base64"),
        ({"private_test_cases": "AAAA"}, "its tests cannot be unpacked"),
        ({"private_test_cases": wrapped("[]")[:-8]}, "its tests cannot be unpacked"),
        ({"private_test_cases": wrapped("no")}, "Expecting value"),
        ({"private_test_cases": wrapped('{"a": 1}')}, "its tests are not a list"),
        ({"private_test_cases": "[1]"}, "test 1 is not a mapping"),
        ({"private_test_cases": '[{"input": "1"}]'}, "test 1: `input` and `output` must be text"),
        ({"private_test_cases": "[" * 100_000}, "nested too deep"),
        ({"private_test_cases": None}, "its tests must be text, not NoneType"),
        ({"public_test_cases": "[]", "private_test_cases": "[]"}, "it has no tests"),
        ({"metadata": "[]"}, "`metadata` is not a mapping"),
        ({"metadata": '{"func_name": "a b"}'}, "`func_name` must be a name, not 'a b'"),
        (
            {"metadata": '{"func_name": "f"}', "public_test_cases": listed([("1\nx", "1")], "")},
            "test 1: a line is not one JSON value",
        ),
        ({"question_content": ""}, "`question_content` must be text"),
    ],
)
def test_a_row_that_is_not_what_it_should_be_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = write(tmp_path / "test.jsonl", row("abc1_a"), row(**change))

    with pytest.raises(InputError) as error:
        list(load_dataset("livecodebench", path))

    assert f"{path} line 2: {message}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["metadata", "private_test_cases", "starter_code"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    without = {key: value for key, value in row().items() if key != field}

    with pytest.raises(InputError, match=f"line 1: the field '{field}' is missing"):
        one(tmp_path, without)
