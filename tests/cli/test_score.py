"""`ponder score` and `ponder label synthetic`: real reward models on solutions from a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.training import read_examples
from tests.cli.conftest import Ponder
from tests.verifiers.prm.checkpoints import publish
from tests.verifiers.prm.tiny import PROBLEM, STEPS

ROWS: list[dict[str, Any]] = [
    {"prompt": PROBLEM, "completions": list(STEPS), "answer": "5", "correct": True,
     "labels": [1, 1, 1]},
    {"prompt": PROBLEM, "completions": list(STEPS[::-1]), "answer": "6", "correct": False,
     "labels": [1, 0, None]},
    {"prompt": PROBLEM, "completions": ["step " * 2000]},
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.mark.parametrize(("kind", "name"), [("prm", "trl"), ("orm", "classifier")])
def test_solutions_are_scored_and_measured(
    ponder: Ponder, tmp_path: Path, file: Path, kind: str, name: str
) -> None:
    model, out = publish(name, tmp_path / "model").folder, tmp_path / "out.jsonl"

    said = ponder("score", file, "--verifier", f"{kind}:{model}", "--out", out, "--json")

    assert said.code == 1, said.err  # one is too long
    assert "tokens are more than the N the reward model takes" in said.err
    report = json.loads(said.out)
    assert (report["solutions"], report["questions"]) == (2, 1)
    assert set(report["selections"]) == {"best", "weighted", "majority"}
    assert report["outcome"]["steps"] == 2
    assert (report["first_error"] is None) == (kind == "orm")
    scores = [len(row["scores"] or ()) for row in map(json.loads, out.read_text().splitlines())]
    assert scores == ([3, 3] if kind == "prm" else [0, 0])


def test_a_large_model_labels_in_people_s_place(ponder: Ponder, tmp_path: Path, file: Path) -> None:
    model, out = publish("reasoneval-7b", tmp_path / "model").folder, tmp_path / "out.jsonl"
    named, convert = f"prm:{model},format=reasoneval-7b", tmp_path / "orm.jsonl"

    said = ponder("label", "synthetic", file, "--verifier", named, "--out", out)

    assert (said.code, said.out.splitlines()[0]) == (1, "2 solutions scored")
    examples = list(read_examples(out, need="labels"))
    rows = list(map(json.loads, out.read_text().splitlines()))
    assert [e.correct for e in examples] == [True, False]
    for example, row in zip(examples, rows, strict=True):
        passes = [value <= 0.2 for value in row["negative"]]
        first = passes.index(False) if False in passes else 3
        assert example.labels == (*(1,) * first, 0, *(None,) * 3)[:3]
        assert row["verified"] == all(passes)
    assert ponder("label", "convert", out, "--to", "outcome", "--out", convert).code == 0
    assert [e.correct for e in read_examples(convert)] == [row["verified"] for row in rows]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--verifier", "tests"), "verifier tests runs programs"),
        (("--verifier", "prm:nowhere,format=trl"), "nowhere"),
        (("--verifier", "orm"), "must be orm:WHAT"),
    ],
)
def test_what_cannot_score_is_refused(
    ponder: Ponder, tmp_path: Path, file: Path, arguments: tuple[str, ...], message: str
) -> None:
    said = ponder("score", file, "--out", tmp_path / "o", *arguments)

    assert said.code in (2, 3)
    assert message in said.err
    assert not (tmp_path / "o").exists()


def test_rows_that_are_none_leave_no_file_behind(ponder: Ponder, tmp_path: Path) -> None:
    model, rows = publish("reasoneval-7b", tmp_path / "model").folder, tmp_path / "rows.jsonl"
    rows.write_text('{"question": "What is 1 + 1?"}\n')

    for verb in (("score",), ("label", "synthetic")):
        named = f"prm:{model},format=reasoneval-7b"
        said = ponder(*verb, rows, "--verifier", named, "--out", tmp_path / "o")
        assert (said.code, "rows.jsonl line 1" in said.err) == (2, True)
        assert not (tmp_path / "o").exists()


def test_a_reward_model_that_is_not_there_is_told(ponder: Ponder, file: Path) -> None:
    said = ponder("score", file, "--verifier", "prm:my-prm", "--out", file.with_name("o"))

    assert said.code == 2
    assert "there is no such folder, so it is taken for a model's id" in said.err


def test_neutral_as_negative_and_the_same_file_are_refused(
    ponder: Ponder, tmp_path: Path, file: Path
) -> None:
    model = publish("reasoneval-7b", tmp_path / "model").folder

    named = f"prm:{model},format=reasoneval-7b,neutral=negative"
    said = ponder("label", "synthetic", file, "--verifier", named, "--out", tmp_path / "o")
    assert (said.code, "do not tell wrong steps from neutral ones" in said.err) == (2, True)

    said = ponder("score", file, "--verifier", f"prm:{model},format=reasoneval-7b", "--out", file)
    assert (said.code, "is the file that is read" in said.err) == (2, True)


@pytest.mark.parametrize("verb", [("score",), ("label", "synthetic")])
def test_where_nothing_could_be_scored_it_is_said_why(
    ponder: Ponder, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    model, file = publish("trl", tmp_path / "model").folder, tmp_path / "in.jsonl"
    file.write_text(json.dumps(ROWS[2]) + "\n")

    said = ponder(*verb, file, "--verifier", f"prm:{model}", "--out", tmp_path / "out.jsonl")

    assert (said.code, said.err) == (1, "")
    assert "not scored: 1: N tokens are more than" in said.out
    assert "out.jsonl" not in said.out


@pytest.mark.parametrize(
    ("out", "more", "says"),
    [
        ("a" * 300, (), "File name too long"),
        ("out.jsonl", ("--threshold", "nan"), "--threshold nan: must be a number"),
    ],
)
def test_wrong_input_to_score_is_one_line(
    ponder: Ponder, tmp_path: Path, file: Path, out: str, more: tuple[str, ...], says: str
) -> None:
    model = publish("trl", tmp_path / "model").folder

    said = ponder("score", file, "--verifier", f"prm:{model}", "--out", tmp_path / out, *more)

    assert said.code == 2
    assert says in said.err
    assert len(said.err.splitlines()) == 1
