"""How many parameters a model has, where its files are on this machine.

Counted are the weights of the folder's `*.safetensors`, from their headers alone; where it has
none, or packs several into one number, its config.json says enough for a transformer of the common
kind (one embedding, grouped queries, a gated MLP), without biases and norms. Tied embeddings are
counted once.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PREFIXES = ("transformers/", "prm:", "orm:")
MOST_HEADER = 2**28
"""Bytes; a longer header is none."""


def known_parameters(name: str | None) -> float | None:
    """Of a model or verifier by the name a user gives it, with settings or without; None where its
    files are not here, or do not say."""
    if not name or not name.startswith(PREFIXES):
        return None
    place = name.partition(",")[0]
    for prefix in PREFIXES:
        place = place.removeprefix(prefix)
    folder = Path(place).expanduser()
    try:
        config = json.loads((folder / "config.json").read_text())
        files = [] if config.get("quantization_config") else _files(folder)
        return float(sum(map(_weights, files))) if files else _by_config(config)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _files(folder: Path) -> list[Path]:
    """Those that make up the model: some folders hold it twice."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return [folder / name for name in set(json.loads(index.read_text())["weight_map"].values())]
    whole = folder / "model.safetensors"
    return [whole] if whole.is_file() else sorted(folder.glob("*.safetensors"))


def _weights(file: Path) -> int:
    """The format: eight bytes with the header's length, and a JSON header with each tensor's
    shape."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > MOST_HEADER:
            raise ValueError(f"{file}: no header")
        header = json.loads(opened.read(length))
    tensors = [one for name, one in header.items() if name != "__metadata__"]
    return sum(math.prod(one["shape"]) for one in tensors)


def _by_config(config: Mapping[str, Any]) -> float:
    width, layers = config["hidden_size"], config["num_hidden_layers"]
    heads = config["num_attention_heads"]
    head = config.get("head_dim") or width // heads
    keys = (config.get("num_key_value_heads") or heads) * head
    attention = 2 * width * heads * head + 2 * width * keys
    embeddings = config["vocab_size"] * width * (1 if config.get("tie_word_embeddings") else 2)
    return float(embeddings + layers * (attention + 3 * width * config["intermediate_size"]))
