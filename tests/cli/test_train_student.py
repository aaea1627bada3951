"""`ponder train student` and `ponder train pretrain`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ponder.models import TransformersModel
from ponder.models.pauses import read_pauses
from tests.cli.conftest import Ponder
from tests.training.tiny import base

QUICK = ("-o", "lr=5e-3", "-o", "batch=4", "-o", "epochs=2", "-o", "max_length=160")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"), llama=False)


def written(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def pairs(count: int = 8) -> list[dict[str, Any]]:
    return [{"instruction": f"What is {n}?", "input": "", "output": "yes"} for n in range(count)]


async def test_what_is_fitted_answers(ponder: Ponder, tmp_path: Path, folder: Path) -> None:
    data, out = written(tmp_path / "d.jsonl", pairs()), tmp_path / "out"

    ended = ponder("train", "student", data, "--base", folder, "--out", out, *QUICK, "--pauses", 4)

    assert ended.code == 0, ended.err
    assert "fitted to 8 conversations; step 4" in ended.out
    assert f"transformers/{out}" in ended.out
    config = read_pauses(out)
    assert config is not None
    assert config.count == 4
    model = TransformersModel(f"transformers/{out}")
    asked: Any = [{"role": "user", "content": "What is 3?"}]
    [reply] = await model.chat(asked, path="p", max_tokens=4)
    assert reply.usage.completion_tokens > 0
    again = ponder("train", "student", data, "--base", folder, "--out", out, *QUICK, "--pauses", 4)
    assert (again.code, again.out) == (0, ended.out)
    other = ponder("train", "student", data, "--base", folder, "--out", out, *QUICK)
    assert other.code == 2
    assert "pauses (4, not 0)" in other.err


def test_a_model_is_pretrained_from_a_config(ponder: Ponder, tmp_path: Path, folder: Path) -> None:
    texts = written(tmp_path / "t.jsonl", [{"text": "one two three " * 20}] * 20)
    begun = ("--config", folder / "config.json", "--tokenizer", folder)
    quick = ("-o", "length=32", "-o", "batch=8", "--pauses", 0.1)

    ended = ponder("train", "pretrain", texts, *begun, "--out", tmp_path / "out", *quick)

    assert ended.code == 0, ended.err
    assert "rows of texts" in ended.out
    assert read_pauses(tmp_path / "out") is not None


WRONG: list[tuple[list[Any], tuple[Any, ...], str]] = [
    ([], (), "has no row that can be used"),
    ([{"x": 1}], (), "line 1: it has no `instruction`"),
    ([{"instruction": "\ud800", "output": "x"}], (), "half of a surrogate pair"),
    ([{"messages": [{"role": "user", "content": "x"}]}], (), "must end with what the assistant"),
    (pairs(), ("-o", "colour=red"), "setting 'colour' is not one of epochs"),
    (pairs(), ("-o", "pauses=3"), "say --pauses instead"),
    (pairs(), ("--profile", "none"), "profile 'none' is not one of paper-7b"),
    (pairs(), ("-o", "template=none"), "setting template=None"),
    (pairs(), ("-o", "prefix_lm=true", "-o", "gradient_checkpointing=true"), "prefix_lm=true"),
    (pairs(), ("--base", "/no/where"), "there is no folder"),
    (pairs(), ("-o", "best=loss"), "best=loss needs validation data"),
]


@pytest.mark.parametrize(("rows", "options", "why"), WRONG, ids=[why for _, _, why in WRONG])
def test_what_is_wrong_is_one_line(
    ponder: Ponder, tmp_path: Path, folder: Path, rows: Any, options: Any, why: str
) -> None:
    data, out = written(tmp_path / "d.jsonl", rows), tmp_path / "out"

    ended = ponder("train", "student", data, "--base", folder, "--out", out, *options)

    assert ended.code == 2
    assert why in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "give --base, or --config with --tokenizer"),
        (("--config", "/no/where"), "--config needs --tokenizer"),
        (("--base", "x", "--tokenizer", "y"), "--tokenizer goes with --config"),
        (("--base", "x", "-o", "pauses=0.1"), "say --pauses instead"),
        (("--base", "x", "-o", "max_length=9"), "say length instead"),
        (("--base", "x", "--pauses", 2), "setting pauses=2.0"),
    ],
)
def test_what_is_wrong_with_a_pretraining_is_one_line(
    ponder: Ponder, tmp_path: Path, options: Any, why: str
) -> None:
    texts = written(tmp_path / "t.jsonl", [{"text": "one two"}])

    ended = ponder("train", "pretrain", texts, "--out", tmp_path / "out", *options)

    assert ended.code == 2
    assert why in ended.err
