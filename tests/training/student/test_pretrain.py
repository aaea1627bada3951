"""Pretraining, and what a fit begins from."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ponder.errors import InputError
from ponder.models.pauses import PauseConfig, read_pauses
from ponder.training import (
    Bad,
    Begin,
    fit_student,
    pretrain,
    pretrain_options,
    read_texts,
    student_options,
)
from tests.training.student.test_fit import QUICK, data, texts, weights
from tests.training.tiny import base


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("base"), llama=False)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_a_model_is_pretrained_from_a_config_alone(
    folder: Path, tmp_path: Path, share: float
) -> None:
    start = Begin(config=folder / "config.json", tokenizer=folder)
    options = pretrain_options(lr=5e-3, batch=4, epochs=3, length=32, validation=0.2, pauses=share)

    fitted = pretrain(texts(), start, tmp_path / "out", options)

    losses = [line["validation"]["loss"] for line in fitted.metrics if "validation" in line]
    assert losses[-1] < losses[0] - 0.3
    assert (read_pauses(tmp_path / "out") is not None) == bool(share)


def test_finetuning_takes_over_the_pause_that_was_pretrained(folder: Path, tmp_path: Path) -> None:
    options = pretrain_options(lr=5e-3, batch=8, length=32, pauses=0.1)
    pretrain(texts(), folder, tmp_path / "pre", options)
    known = read_pauses(tmp_path / "pre")

    for count in (0, 4):
        out = tmp_path / f"out{count}"
        options_ = student_options("small", **{**QUICK, "epochs": 1}, pauses=count)
        fit_student(data(4), tmp_path / "pre", out, options_)
        assert known is not None
        assert read_pauses(out) == PauseConfig(known.token, known.id, count)
        assert len(weights(out)["lm_head.weight"]) == len(
            weights(tmp_path / "pre")["lm_head.weight"]
        )


def test_a_model_whose_weights_are_no_safetensors_goes_on_with_them(
    folder: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (old / file.name).write_bytes(file.read_bytes())
    torch.save(load_file(folder / "model.safetensors"), old / "pytorch_model.bin")

    pretrain(texts(), old, tmp_path / "out", pretrain_options(lr=1e-9, length=32))

    before, after = weights(folder), weights(tmp_path / "out")
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)


def test_another_config_of_the_same_name_is_another_fit(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text((folder / "config.json").read_text())
    options = pretrain_options(length=32)
    pretrain(texts(), Begin(config=path, tokenizer=folder), tmp_path / "out", options)

    path.write_text(json.dumps({**json.loads(path.read_text()), "num_hidden_layers": 1}))

    with pytest.raises(InputError, match="a fit with other base"):
        pretrain(texts(), Begin(config=path, tokenizer=folder), tmp_path / "out", options)


def test_what_cannot_begin_is_refused_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    small = tmp_path / "config.json"
    config = json.loads((folder / "config.json").read_text())
    small.write_text(json.dumps({**config, "vocab_size": 10}))
    start = Begin(config=small, tokenizer=folder)
    out = tmp_path / "out"

    with pytest.raises(InputError, match="vocab_size 10 is less than"):
        pretrain(texts(), start, out, pretrain_options(length=32))
    with pytest.raises(InputError, match="shorter than one row of 200 tokens"):
        pretrain(["one"], folder, out, pretrain_options(length=200))
    with pytest.raises(InputError, match="validation texts are shorter"):
        pretrain(texts(), folder, out, pretrain_options(length=32), validation=["one"])
    with pytest.raises(InputError, match="say length instead"):
        pretrain_options(max_length=5)
    assert not out.exists()


def test_a_base_by_its_model_s_name_keeps_its_pause(folder: Path, tmp_path: Path) -> None:
    pretrain(texts(), folder, tmp_path / "pre", pretrain_options(length=32, pauses=0.1))

    named = Begin(f"transformers/{tmp_path / 'pre'}")

    assert named.pauses is not None
    assert named.pauses == Begin(str(tmp_path / "pre")).pauses


def test_texts_are_read_and_bad_rows_are_named(tmp_path: Path) -> None:
    rows = tmp_path / "t.jsonl"
    rows.write_text('{"text": "one"}\n{"text": " "}\n{"text": "\\ud800"}\n{"x": 1}\n')
    whole = tmp_path / "t.txt"
    whole.write_text("one\ntwo")
    bad = Bad(skip=True)

    with pytest.raises(InputError, match=r"t\.jsonl line 2: a row must have"):
        list(read_texts(rows))

    assert list(read_texts(rows, bad)) == ["one"]
    assert bad.total == 3
    assert list(read_texts(whole)) == ["one\ntwo"]
