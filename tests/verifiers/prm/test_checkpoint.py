"""Checkpoints that are not what they should be, and those of published kinds."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from ponder.errors import InputError
from ponder.verifiers.prm import PROCESS, find_format
from tests.verifiers.prm.checkpoints import fresh, publish


def edited(folder: Path, **fields: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_qwens_config_is_found_by_its_architecture_and_none_of_its_code_runs(
    tmp_path: Path,
) -> None:
    publish("qwen2.5-math-prm", tmp_path)
    (tmp_path / "modeling_qwen2_rm.py").write_text("raise AssertionError('this ran')")

    config = json.loads((tmp_path / "config.json").read_text())
    found = find_format(str(tmp_path), config=config)
    (scored,) = fresh(tmp_path, found)([("x", ("y", "z"))])

    assert found.name == "qwen2.5-math-prm"
    assert len(scored.scores) == 2


def test_a_pickle_that_is_more_than_tensors_is_refused(tmp_path: Path) -> None:
    publish("math-shepherd", tmp_path)

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return print, ("this ran",)

    torch.save({"lm_head.weight": Evil()}, tmp_path / "pytorch_model.bin")

    with pytest.raises(InputError):
        fresh(tmp_path, PROCESS["math-shepherd"])


def test_a_tied_head_is_the_embedding(tmp_path: Path) -> None:
    publish("er-prm", tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    (untied,) = fresh(tmp_path, PROCESS["er-prm"])([("x", ("y",))])

    del tensors["lm_head.weight"]
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    edited(tmp_path, tie_word_embeddings=True)
    (tied,) = fresh(tmp_path, PROCESS["er-prm"])([("x", ("y",))])

    assert tied.scores == pytest.approx(untied.scores)


def test_the_context_is_the_configs(tmp_path: Path) -> None:
    publish("trl", tmp_path)
    edited(tmp_path, max_position_embeddings=16)

    (scored,) = fresh(tmp_path, PROCESS["trl"])([("x", ("y",) * 20)])

    assert scored.reason.endswith("more than the 16 the reward model takes")


def test_tensors_that_lack_are_told(tmp_path: Path) -> None:
    publish("trl", tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})

    with pytest.raises(InputError, match=r"tensors are missing, model\.norm\.weight among them"):
        fresh(tmp_path, PROCESS["trl"])


def test_a_head_of_another_size_is_told(tmp_path: Path) -> None:
    publish("trl", tmp_path)
    found = find_format("x", config={
        "architectures": ["XForTokenClassification"],
        "id2label": {"0": "neg", "1": "neu", "2": "pos"},
    })  # fmt: skip

    with pytest.raises(InputError, match="its head gives 2 numbers, and format trl reads 3"):
        fresh(tmp_path, found)


def test_an_unknown_model_type_is_told(tmp_path: Path) -> None:
    publish("trl", tmp_path)
    edited(tmp_path, model_type="mamba9000")

    with pytest.raises(InputError, match="mamba9000"):
        fresh(tmp_path, PROCESS["trl"])
