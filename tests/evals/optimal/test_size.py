"""How many parameters a model in a folder has."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.evals.optimal.size import known_parameters

CONFIG: dict[str, Any] = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "intermediate_size": 16,
    "vocab_size": 10,
}
DENSE = 2 * 10 * 8 + 2 * (2 * 8 * 8 + 2 * 8 * 4 + 3 * 8 * 16)


def weights(file: Path, *shapes: list[int]) -> None:
    """Only the header is there: nothing else is read."""
    tensors = {f"t{place}": {"dtype": "F32", "shape": one} for place, one in enumerate(shapes)}
    header = json.dumps({"__metadata__": {"format": "pt"}, **tensors}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder without weights."""
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def test_all_shards_are_counted_and_a_second_copy_is_not(folder: Path) -> None:
    weights(folder / "model-1.safetensors", [3, 4], [5])
    weights(folder / "model-2.safetensors", [7])
    weights(folder / "consolidated.safetensors", [3, 4], [5], [7])
    names = {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-2.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))

    assert known_parameters(f"transformers/{folder}") == 24
    assert known_parameters(f"prm:{folder},aggregate=last") == 24


def test_without_weights_or_with_packed_ones_the_config_says(folder: Path) -> None:
    assert known_parameters(f"transformers/{folder}") == DENSE

    packed = {**CONFIG, "quantization_config": {"bits": 4}, "tie_word_embeddings": True}
    (folder / "config.json").write_text(json.dumps(packed))
    weights(folder / "model.safetensors", [1])

    assert known_parameters(f"orm:{folder}") == DENSE - 10 * 8


@pytest.mark.parametrize("name", [None, "", "ollama/x", "transformers/Qwen/none", "judge:x"])
def test_what_is_not_here_is_not_known(name: str | None) -> None:
    assert known_parameters(name) is None


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x02" + bytes(7) + b"{}x", b"\x01" * 9])
def test_a_file_that_is_no_model_is_not_known_or_empty(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)

    assert known_parameters(f"transformers/{folder}") in (None, 0.0)
