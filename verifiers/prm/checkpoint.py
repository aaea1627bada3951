"""From a checkpoint to a scorer: a native base model, and the head beside it. No code of the
checkpoint's is run, and nothing is unpickled but tensors.

The base model is whatever `transformers` has for the config's `model_type`; the head is laid over
its last states by us. So what is read of a language model's head is the rows of the words that are
needed, and checkpoints whose classes are not in `transformers` (Qwen2.5-Math-PRM, Skywork,
ReasonEval, PQM) load like any other.
"""

import contextlib
import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub
import torch
import transformers
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

from ...errors import InputError, MissingError
from .format import Format, Layers, Words
from .plain import Plain
from .scorer import BATCH_TOKENS, Head, Scorer
from .tokens import Tokens

WRAPPED = "pretrained_model."
"""What TRL's value-head wrapper puts before the base model's names."""


@dataclass(frozen=True)
class Checkpoint:
    """A folder in Hugging Face's layout, with its config.json."""

    folder: Path
    config: Mapping[str, Any]

    def names(self) -> dict[str, Path]:
        """Every tensor's name and the file it is in."""
        return {name: path for path in self.files() for name in _names(path)}

    def rows(self, name: str, path: Path, rows: Sequence[int] | None = None) -> Tensor:
        """A tensor, or some of its rows, in float32."""
        if path.suffix == ".safetensors":
            with safe_open(str(path), framework="pt") as file:
                if rows is None:
                    return _float(file.get_tensor(name))
                part = file.get_slice(name)
                return _float(torch.cat([part[row : row + 1] for row in rows]))
        tensor = torch.load(path, map_location="cpu", weights_only=True, mmap=True)[name]
        return _float(tensor if rows is None else tensor[list(rows)])

    def files(self) -> list[Path]:
        """The files that hold its tensors."""
        files = sorted(self.folder.glob("*.safetensors"))
        files = files or sorted(self.folder.glob("pytorch_model*.bin"))
        if not files:
            raise InputError(
                f"{self.folder}: no *.safetensors and no pytorch_model*.bin"
                + (
                    "; it is an adapter: merge it into its base model first"
                    if (self.folder / "adapter_config.json").exists()
                    else ""
                )
            )
        return files


def load_scorer(
    path: str | Path,
    format: Format,
    *,
    dtype: str | None = None,
    device: str | None = None,
    batch_tokens: int = BATCH_TOKENS,
) -> Scorer:
    """The reward model in a folder, ready to score.

    `dtype` is one of torch's ("bfloat16"), the checkpoint's own if None; `device` is "cpu", "cuda",
    "cuda:1", … and the first GPU, if there is one, if None.

    Raises:
        InputError: the folder holds no such model, or its tokenizer is not that format's.
    """
    checkpoint = read_checkpoint(path)
    checkpoint.files()
    tokens = Tokens(_tokenizer(checkpoint))
    format.render(tokens, "What is 1 + 1?", ["2"])  # a tokenizer that does not fit is told now
    model = _base_model(checkpoint, dtype)
    model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    return Scorer(
        tokens,
        format,
        Plain(model),
        head_of(checkpoint, format, tokens, model),
        limit=model.config.max_position_embeddings,
        batch_tokens=batch_tokens,
    )


def read_checkpoint(path: str | Path) -> Checkpoint:
    """The checkpoint in a folder.

    Raises:
        InputError: it has no config.json that is one.
    """
    try:
        config = json.loads(Path(path, "config.json").read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no config.json of a model ({error})") from None
    if not isinstance(config, dict) or "model_type" not in config:
        raise InputError(f"{path}: config.json names no model_type")
    return Checkpoint(Path(path), config)


def head_of(checkpoint: Checkpoint, format: Format, tokens: Tokens, model: Any) -> Head:
    """What turns this model's states into the numbers that the format reads.

    Raises:
        InputError: the checkpoint has no such head, or one of another size.
    """
    names = {name.removeprefix(WRAPPED): (name, path) for name, path in checkpoint.names().items()}
    device = next(model.parameters()).device
    if isinstance(format.head, Words):
        ids = [tokens.one(word, format.name) for word in format.head.words]
        if "lm_head.weight" in names and not checkpoint.config.get("tie_word_embeddings"):
            weight = checkpoint.rows(*names["lm_head.weight"], ids)
        else:
            weight = _float(model.get_input_embeddings().weight[ids])
        layers: list[tuple[Tensor, Tensor | None]] = [(weight, None)]
    else:
        layers = _layers(checkpoint, format.head, names)
    wanted = format.readout.outputs
    if wanted is not None and layers[-1][0].shape[0] != wanted:
        raise InputError(
            f"{checkpoint.folder}: the head gives {layers[-1][0].shape[0]} numbers, format "
            f"{format.name} reads {wanted}"
        )
    return _Head(layers).to(device)


def _layers(
    checkpoint: Checkpoint, head: Layers, names: Mapping[str, tuple[str, Path]]
) -> list[tuple[Tensor, Tensor | None]]:
    parts = [
        part
        for part in (head.name, f"{head.name}.0", f"{head.name}.2")
        if f"{part}.weight" in names
    ]
    if not parts:
        raise InputError(f"{checkpoint.folder}: there is no {head.name}.weight among its tensors")
    return [
        (
            checkpoint.rows(*names[f"{part}.weight"]),
            checkpoint.rows(*names[f"{part}.bias"]) if f"{part}.bias" in names else None,
        )
        for part in parts
    ]


class _Head:
    """Linear layers with ReLU between them, in float32."""

    def __init__(self, layers: Sequence[tuple[Tensor, Tensor | None]]) -> None:
        self._layers = list(layers)

    def to(self, device: torch.device) -> "_Head":
        self._layers = [
            (weight.to(device), None if bias is None else bias.to(device))
            for weight, bias in self._layers
        ]
        return self

    @torch.inference_mode()
    def __call__(self, states: Tensor) -> Tensor:
        values = states.float()
        for number, (weight, bias) in enumerate(self._layers):
            values = functional.linear(functional.relu(values) if number else values, weight, bias)
        return values


def _base_model(checkpoint: Checkpoint, dtype: str | None) -> Any:
    config = dict(checkpoint.config)
    config.pop("auto_map", None)  # code of the checkpoint's, which is never run
    try:
        native = transformers.AutoConfig.for_model(config.pop("model_type"), **config)
        with _quiet():
            model, info = transformers.AutoModel.from_pretrained(
                checkpoint.folder,
                config=native,
                dtype=dtype or "auto",
                key_mapping={rf"^{WRAPPED}": ""},
                output_loading_info=True,
                local_files_only=True,
            )
    except (ValueError, OSError, ImportError, RuntimeError, pickle.UnpicklingError) as error:
        raise InputError(f"{checkpoint.folder}: {_line(error)}") from error
    if info["missing_keys"]:
        some = sorted(info["missing_keys"])[0]
        raise InputError(f"{checkpoint.folder}: tensors are missing, {some} among them")
    return model.eval()


def _tokenizer(checkpoint: Checkpoint) -> Any:
    try:
        return transformers.AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
    except (ValueError, OSError, ImportError) as error:
        raise InputError(f"{checkpoint.folder}: no tokenizer ({_line(error)})") from error


def fetched(path: str) -> Path:
    """The folder of a checkpoint: `path` itself, or where the hub's model of that id is kept, which
    is downloaded if it is not there.

    Raises:
        MissingError: it cannot be had.
    """
    if Path(path).is_dir():
        return Path(path)
    try:
        return Path(
            huggingface_hub.snapshot_download(
                path,
                allow_patterns=["*.json", "*.safetensors", "*.bin", "*.model", "*.jinja", "*.txt"],
            )
        )
    except Exception as error:
        raise MissingError(
            f"reward model {path!r}: no such folder, and the hub did not give it ({_line(error)}); "
            "download it and give its folder"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the report of tensors that a base model does not use: the head is ours to read."""
    log: Any = transformers.utils.logging
    before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(before)
        if bars:
            log.enable_progress_bar()


def _names(path: Path) -> list[str]:
    if path.suffix == ".safetensors":
        with safe_open(str(path), framework="pt") as file:
            return list(file.keys())
    return list(torch.load(path, map_location="cpu", weights_only=True, mmap=True))


def _float(tensor: Tensor) -> Tensor:
    return tensor.detach().float()


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
