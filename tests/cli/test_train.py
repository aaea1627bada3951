"""`ponder train`: from rows to a verifier, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.training import to_row
from tests.cli.conftest import Ponder
from tests.training.tiny import base, examples


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "train.jsonl", *map(to_row, examples(20, 3)))


@pytest.mark.parametrize("kind", ["prm", "orm"])
def test_what_is_fitted_judges(
    ponder: Ponder, model: Path, data: Path, tmp_path: Path, kind: str
) -> None:
    pool = write(tmp_path / "pool.jsonl", *map(to_row, examples(4, 4, seed=3)))
    settings = ("-o", "lr=1e-3", "-o", "batch=16", "-o", "epochs=1")

    ended = ponder(
        "train", kind, data, "--base", model, "--out", tmp_path / "out", "--pool", pool, *settings
    )
    again = ponder(
        "train", kind, data, "--base", model, "--out", tmp_path / "out", "--pool", pool, *settings
    )

    assert ended.code == 0, ended.err
    assert f"verifier             {kind}:{tmp_path}/out" in ended.out
    assert "best_of_4" in ended.out
    assert again.out == ended.out


def test_bad_rows_are_left_out_and_counted(ponder: Ponder, model: Path, tmp_path: Path) -> None:
    rows = list(map(to_row, examples(8, 2)))
    rows[3]["labels"] = ["good"] * len(rows[3]["completions"])
    rows[5]["completions"][0] = "yes " * 10_000
    data = write(tmp_path / "train.jsonl", *rows)
    command = ("train", "prm", data, "--base", model, "--out", tmp_path / "out", "-o", "epochs=1")

    refused = ponder(*command)
    ended = ponder(*command, "--skip-bad")

    assert refused.code == 2
    assert "train.jsonl line 4: a label must be" in refused.err
    assert ended.code == 0, ended.err
    assert "left out 1 row: longer than the 256 tokens that are taken (first: " in ended.err
    assert "train.jsonl line 6" in ended.err


def test_an_f1_whose_threshold_was_chosen_on_its_rows_says_so(
    ponder: Ponder, model: Path, data: Path, tmp_path: Path
) -> None:
    settings = ("-o", "epochs=1", "-o", "validation=0.3")

    ended = ponder("train", "prm", data, "--base", model, "--out", tmp_path / "out", *settings)

    assert "threshold  " in ended.out
    assert "f1 is that of the best threshold for these validation data, so it is too" in ended.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("-o", "lr=fast"), "setting lr='fast'"),
        (("-o", "learning_rate=1"), "setting 'learning_rate' is not one of"),
        (("-o", "rows=3"), "rows=3 must divide batch=128"),
        (("--profile", "paper-c"), "profile 'paper-c' is not one of"),
        (("-o", "best=best_of_n"), "setting best=best_of_n needs a pool"),
        (("--base", "./absent"), "there is no folder"),
        (("--pool", "absent.jsonl"), "there is no file absent.jsonl"),
        (("--pool", "."), ".: is a folder; name a file of rows in it"),
        (("-o", "device=cuda"), "device=cuda: there is no such device here"),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(
    ponder: Ponder, model: Path, data: Path, tmp_path: Path, more: tuple[str, ...], says: str
) -> None:
    ended = ponder("train", "prm", data, "--base", model, "--out", tmp_path / "out", *more)

    assert ended.code in (2, 3)
    assert says in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_model_is_fitted_to_revise(ponder: Ponder, tmp_path: Path) -> None:
    rows = [{**to_row(one), "correct": place % 3 == 0} for place, one in enumerate(examples(8, 5))]
    data = write(tmp_path / "samples.jsonl", *rows)
    start = base(tmp_path / "base", length=1024)

    ended = ponder(
        "train", "revision", data, "--base", start, "--out", tmp_path / "out", "-o", "epochs=1"
    )

    assert ended.code == 0, ended.err
    assert f"model                transformers/{tmp_path}/out" in ended.out
    assert "40 samples of 8 questions" in ended.err


@pytest.mark.parametrize("setting", ["neutral=positive", "aggregate=last", "best=best_of_n"])
def test_a_setting_of_reward_models_is_none_of_revisions(
    ponder: Ponder, model: Path, data: Path, tmp_path: Path, setting: str
) -> None:
    ended = ponder(
        "train", "revision", data, "--base", model, "--out", tmp_path / "out", "-o", setting
    )

    assert ended.code == 2
    assert f"setting {setting.partition('=')[0]}" in ended.err.replace("'", "")
