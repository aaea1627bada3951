"""Questions with answers, in their authors' own formats, in rows of our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, MissingError
from ponder.tasks import (
    AnswerKey,
    LabelledStep,
    MathTask,
    RatedCompletion,
    load_dataset,
    load_labels,
    load_task,
    task_from_json,
    task_to_json,
)

GSM8K: dict[str, Any] = {
    "question": "Ann has 3 bags of 400 nuts. How many nuts?",
    "answer": "She has 3*400=<<3*400=1200>>1200 nuts.\n#### 1,200",
}
MATH: dict[str, Any] = {
    "problem": "What is $1+1$?", "solution": "It is $\\boxed{2}$.", "answer": "2",
    "subject": "Precalculus", "level": 2, "unique_id": "test/precalculus/807.json",
}  # fmt: skip
LABELLED: dict[str, Any] = {
    "labeler": "a", "timestamp": "2023-01-22T04:34:27", "generation": 9,
    "is_quality_control_question": False, "is_initial_screening_question": False,
    "question": {
        "problem": "What is $2+2$?", "ground_truth_solution": "$\\boxed{4}$",
        "ground_truth_answer": "4", "pre_generated_steps": ["Add.", "So 5.\n\n# Answer\n\n5"],
        "pre_generated_answer": "5", "pre_generated_verifier_score": 0.25,
    },
    "label": {
        "steps": [
            {
                "completions": [{"text": "Add.", "rating": 0, "flagged": None}],
                "human_completion": None, "chosen_completion": 0,
            },
            {
                "completions": [
                    {"text": "So 5.\n\n# Answer\n\n5", "rating": -1, "flagged": True},
                    {"text": "So 4.\n\n# Answer\n\n4", "rating": 1, "flagged": False},
                ],
                "human_completion": None, "chosen_completion": None,
            },
        ],
        "total_time": 278270, "finish_reason": "found_error",
    },
}  # fmt: skip


def rows(folder: Path, *given: Any) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in given))
    return path


def labelled(**step: Any) -> dict[str, Any]:
    """The row with one step, changed."""
    first = {**LABELLED["label"]["steps"][0], **step}
    return {**LABELLED, "label": {**LABELLED["label"], "steps": [first]}}


def test_gsm8k_rows_go_by_their_place(tmp_path: Path) -> None:
    path = rows(tmp_path, {"question": "?", "answer": "#### -5"}, GSM8K)

    loaded = load_task("gsm8k:1", path)

    assert loaded.task == MathTask("gsm8k/1", GSM8K["question"])
    solution = "She has 3*400=<<3*400=1200>>1200 nuts."
    assert loaded.key == AnswerKey("gsm8k/1", "1,200", solution=solution)
    assert load_task("gsm8k:gsm8k/1", path) == loaded
    assert [each.key and each.key.answer for each in load_dataset("gsm8k", path)] == ["-5", "1,200"]


@pytest.mark.parametrize("name", ["math-500", "math-12k"])
def test_math_rows_go_by_their_unique_id(tmp_path: Path, name: str) -> None:
    other = {**MATH, "unique_id": "test/algebra/807.json", "answer": "3"}
    path = rows(tmp_path, other, MATH)

    loaded = load_task(f"{name}:test/precalculus/807.json", path)

    assert loaded.task == MathTask("test/precalculus/807.json", "What is $1+1$?")
    assert loaded.key == AnswerKey(loaded.task.id, "2", solution="It is $\\boxed{2}$.")
    with pytest.raises(InputError, match=r"no task '807.json'; its 2 ids run from test/algebra"):
        load_task(f"{name}:807.json", path)


def test_prm800k_rows_are_questions_with_keys(tmp_path: Path) -> None:
    loaded = load_task("prm800k:0", rows(tmp_path, LABELLED))

    assert loaded.task == MathTask("prm800k/0", "What is $2+2$?")
    assert loaded.key == AnswerKey("prm800k/0", "4", solution="$\\boxed{4}$")


def test_a_row_without_a_gold_answer_has_no_key(tmp_path: Path) -> None:
    question = {"problem": "What is $2+2$?", "ground_truth_answer": None}

    assert load_task("prm800k:0", rows(tmp_path, {**LABELLED, "question": question})).key is None


def test_labels_are_data(tmp_path: Path) -> None:
    (solution,) = load_labels(rows(tmp_path, LABELLED))

    assert solution.finish_reason == "found_error"
    assert (solution.generation, solution.quality_control, solution.screening) == (9, False, False)
    assert solution.steps[0] == LabelledStep((RatedCompletion("Add.", 0),), chosen=0)
    assert [each.rating for each in solution.steps[1].completions] == [-1, 1]
    assert [each.flagged for each in solution.steps[1].completions] == [True, False]
    assert solution.trajectory == ("Add.",)
    assert solution.pre_generated_steps[1].endswith("# Answer\n\n5")


@pytest.mark.parametrize("human", ["It is 4.", {"text": "It is 4.", "source": "human"}])
def test_what_a_person_wrote_comes_as_text_or_as_an_object(tmp_path: Path, human: Any) -> None:
    row = labelled(completions=None, human_completion=human, chosen_completion=None)

    (solution,) = load_labels(rows(tmp_path, row))

    assert solution.trajectory == ("It is 4.",)
    assert solution.steps[0].completions == ()


def test_quality_control_and_screening_rows_say_so(tmp_path: Path) -> None:
    control = {**LABELLED, "is_quality_control_question": True}
    screening = {**LABELLED, "generation": -1, "is_initial_screening_question": True}
    first_phase = {key: value for key, value in LABELLED.items() if not key.startswith("is_")}

    read = list(
        load_labels(rows(tmp_path, control, screening, {**first_phase, "generation": None}))
    )

    assert [each.quality_control for each in read] == [True, False, False]
    assert [each.screening for each in read] == [False, True, False]
    assert [each.generation for each in read] == [9, -1, None]


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("gsm8k:1", {"question": "?"}, "line 2: the field 'answer' is missing"),
        ("gsm8k:1", {"question": "?", "answer": "72"}, "line 2: `answer` does not end in '#### '"),
        ("gsm8k:1", {"question": "?", "answer": "#### "}, "line 2: `answer` does not end in"),
        (
            "gsm8k:1",
            {"question": 5, "answer": "#### 1"},
            "line 2: `question` must be text, not '5'",
        ),
        ("math-500:a", {**MATH, "unique_id": "a", "answer": None}, "line 2: `answer` must be text"),
        ("prm800k:1", {**LABELLED, "label": []}, "line 2: `label` must be a mapping"),
        ("prm800k:1", {"question": {}}, "line 2: the field 'label' is missing"),
        ("prm800k:1", labelled(chosen_completion=3), "`chosen_completion` 3 is none of its 1"),
        ("prm800k:1", labelled(completions=["x"]), "a completion is a mapping with `text`"),
        ("prm800k:1", labelled(completions=[{"text": "x", "rating": 2}]), "a rating is -1, 0, 1"),
        ("math-500:1", GSM8K, "line 2: the field 'unique_id' is missing"),
        ("prm800k:1", labelled(human_completion=5), "`human_completion` must be text"),
    ],
)
def test_a_bad_row_is_refused_with_its_file_and_line(
    tmp_path: Path, name: str, row: dict[str, Any], message: str
) -> None:
    good = {"gsm8k": GSM8K, "math-500": MATH, "prm800k": LABELLED}[name.partition(":")[0]]

    with pytest.raises(InputError) as error:
        load_task(name, rows(tmp_path, good, row))

    assert message in str(error.value)
    assert str(tmp_path / "rows.jsonl") in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_git_lfs_has_not_fetched_is_known(tmp_path: Path) -> None:
    path = tmp_path / "phase1_test.jsonl"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:f4b3\nsize 829105\n")

    with pytest.raises(InputError, match=r"phase1_test.jsonl line 1: a pointer of Git LFS: fetch"):
        list(load_labels(path))


def test_blank_lines_count_as_lines_and_not_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"\n{json.dumps(GSM8K)}\n\n{{}}\n")

    assert load_task("gsm8k:0", path).task.question == GSM8K["question"]
    with pytest.raises(InputError, match=r"rows.jsonl line 4: the field 'answer' is missing"):
        load_task("gsm8k:1", path)


def test_without_a_file_and_a_hub_the_user_is_told_what_to_fetch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(MissingError, match=r"fetch grade_school_math/data/test.jsonl of openai"):
        load_task("gsm8k:0")
    with pytest.raises(MissingError, match=r"fetch prm800k/data/phase2_train.jsonl"):
        next(load_labels())


def test_a_question_comes_back_from_json() -> None:
    task = MathTask("t", "What is \ud800?")

    assert task_from_json(json.loads(json.dumps(task_to_json(task)))) == task
