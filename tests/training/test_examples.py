"""The schema of labelled solutions: what is read, and what is refused with file and line."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.training import Bad, Example, read_examples, to_row

GOOD: dict[str, Any] = {
    "prompt": "1 + 1?",
    "completions": ["1 + 1 = 2.", "# Answer\n\n2"],
    "labels": [1, 0.5],
    "answer": "2",
    "correct": True,
    "id": "sum/1",
}


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_row_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    [example] = read_examples(write(tmp_path / "a.jsonl", GOOD))

    assert example.labels == (1.0, 0.5)
    assert example.where.endswith("a.jsonl line 1")
    assert to_row(example) == GOOD


@pytest.mark.parametrize(
    "labels",
    [[True, False], [1, 0], [0.25, None], ["positive", "neutral"], ["negative", None]],
)
def test_every_kind_of_label_is_taken(tmp_path: Path, labels: list[Any]) -> None:
    [example] = read_examples(write(tmp_path / "a.jsonl", {**GOOD, "labels": labels}))

    assert list(example.labels) == labels


def test_trl_s_rows_are_read_as_they_are(tmp_path: Path) -> None:
    row = {"prompt": "p", "completions": ["a", "b"], "labels": [True, False]}

    [example] = read_examples(write(tmp_path / "a.jsonl", row), need="labels")

    assert (example.prompt, example.steps, example.labels) == ("p", ("a", "b"), (1.0, 0.0))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"labels": [1]}, "as many labels as steps must be: 1 labels of 2 steps"),
    ({"labels": [1, 2]}, "a label must be .*: step 2 has '2'"),
    ({"labels": [1, "good"]}, "a label must be .*: step 2 has 'good'"),
    ({"labels": [1, float("nan")]}, "a label must be .*: step 2 has 'nan'"),
    ({"labels": [1, 10**400]}, "a label must be .*: step 2 has '1000"),
    ({"labels": [1, "neutral"]}, "labels are numbers in one step and classes in another"),
    ({"labels": [None, None]}, "no step has a label"),
    ({"labels": None}, "no step has a label"),
    ({"completions": []}, "the solution is empty"),
    ({"completions": ["a", " \n"]}, "a step is empty: step 2 of 2"),
    ({"completions": "a b"}, "`completions` must be a list of texts"),
    ({"completions": ["a", 3]}, "`completions` must be a list of texts"),
    ({"prompt": " "}, "`prompt` must be text, and not empty"),
    ({"correct": 1}, "`correct` must be true or false: not '1'"),
    ({"answer": 2}, "`answer` must be text"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_bad_row_is_refused_with_file_and_line(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = write(tmp_path / "a.jsonl", GOOD, {**GOOD, **change})

    with pytest.raises(InputError, match=f"a.jsonl line 2: {message}"):
        list(read_examples(path, need="labels"))


def test_bad_rows_can_be_left_out_and_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *[{**GOOD, **change} for change, _ in BAD], GOOD, 7)
    bad = Bad(skip=True)

    kept = list(read_examples(path, bad, need="labels"))

    assert len(kept) == 1
    assert bad.total == len(BAD) + 1
    assert bad.counts["no step has a label"] == 2
    assert "left out 1 row: not an object (first: " in "\n".join(bad.lines())


def test_rows_of_outcomes_need_a_grade(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {**GOOD, "correct": None})

    with pytest.raises(InputError, match="line 1: it has no `correct`"):
        list(read_examples(path, need="correct"))


def test_a_question_without_an_id_is_known_by_its_prompt() -> None:
    assert Example("p", ("s",)).question == "p"
    assert Example("p", ("s",), id="q").question == "q"
