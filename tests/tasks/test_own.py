"""Folders of task files, and files of rows in their shape."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import load_dataset, load_task

TASK: dict[str, Any] = {
    "statement": "Return it.",
    "entry_point": "f",
    "public_tests": ["assert f(1) == 1"],
}
QUESTION = {"question": "What is 1 + 1?", "answer": 2}


def ids(path: Path) -> list[str]:
    return [loaded.task.id for loaded in load_dataset(str(path))]


def test_a_folder_s_files_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("task10.yaml", "task2.json", "task1.yml", "other.txt", ".hidden.json"):
        (tmp_path / name).write_text(json.dumps(QUESTION if name == "task2.json" else TASK))

    assert ids(tmp_path) == ["task1", "task2", "task10"]


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.jsonl.gz"])
def test_rows_go_by_their_id_or_their_line(tmp_path: Path, name: str) -> None:
    lines = [json.dumps(TASK), "", json.dumps({**QUESTION, "id": "sum"}), json.dumps(TASK)]
    text = "\n".join(lines).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)

    assert ids(path) == ["mine/1", "sum", "mine/4"]


def test_one_task_is_named_after_the_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(TASK) + "\n" + json.dumps(QUESTION))

    assert load_task(f"{path}:mine/2").task.id == "mine/2"
    assert load_task(f"{path}:2").task.id == "mine/2"
    with pytest.raises(InputError, match="no task 'mine/3' among 2; the nearest is 'mine/"):
        load_task(f"{path}:mine/3")
    with pytest.raises(InputError, match="goes with a data set"):
        load_task(f"{path}:2", path)


def test_a_task_of_a_folder_is_named_so_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(TASK))

    assert load_task(f"{tmp_path}:a").task.id == "a"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('{"statement": "S"}', "mine.jsonl line 1: `public_tests` is missing"),
        ('\n{"statement"', "mine.jsonl line 2: not JSON"),
        ("[1]", "mine.jsonl line 1: a task is a mapping"),
        ("", "mine.jsonl: there is no task in it"),
        ('{"question": "Q", "answer": ' + "9" * 5000 + "}", "mine.jsonl line 1: cannot be read"),
    ],
)
def test_a_row_that_is_no_task_is_refused_with_its_line(
    tmp_path: Path, rows: str, message: str
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(rows)

    with pytest.raises(InputError) as error:
        ids(path)

    assert message in str(error.value)


def test_a_task_file_is_data_of_one_task(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(json.dumps(TASK))

    assert ids(path) == ["one"]


def test_of_many_tasks_one_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds many tasks: name one of them, as in .*:ID"):
        load_task(str(tmp_path))


def test_two_tasks_of_one_id_are_both_named(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps({**TASK, "id": "same"}))

    with pytest.raises(InputError, match=r"b\.json: the id 'same' is that of .*a\.json, too"):
        ids(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no task in it"):
        ids(tmp_path)


def test_a_data_set_s_own_name_is_not_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "gsm8k").mkdir()
    (tmp_path / "gsm8k" / "a.json").write_text(json.dumps(TASK))

    assert ids(Path("./gsm8k").absolute()) == ["a"]
    with pytest.raises(InputError, match="there is no file"):
        list(load_dataset("gsm8k", tmp_path / "absent.jsonl"))


def test_data_goes_with_a_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--data .* goes with a data set"):
        list(load_dataset(str(tmp_path), tmp_path))
