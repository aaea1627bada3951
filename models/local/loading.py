"""From a folder, a GGUF file or an id on the hub to a model in memory; each once a process.

No code that comes with a model is run: `trust_remote_code` is never set, and pickled weights are
read by torch's own reader of plain tensors.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
import transformers

from ...errors import InputError, MissingError
from ...tasks import hub
from ..pauses import PauseConfig, read_pauses
from .decoder import Decoder
from .source import Source, find

AUTO = {
    "ForCausalLM": "AutoModelForCausalLM",
    "ForTokenClassification": "AutoModelForTokenClassification",
    "ForSequenceClassification": "AutoModelForSequenceClassification",
}
"""Which class reads a checkpoint, by how the name of its architecture ends; AutoModel otherwise,
and then what is above the last hidden state is to be had by `Loaded.tensors`."""


@dataclass(frozen=True)
class Loaded:
    """A model in memory, and what belongs to it."""

    source: Source
    model: Any
    """As transformers gives it, with whatever head its architecture has, in evaluation mode."""
    tokenizer: Any
    decoder: Decoder
    """Reads token ids into hidden states, with a cache; the way to use `model`."""

    @cached_property
    def ends(self) -> frozenset[int]:
        """The tokens that end a reply: those of the generation config, and the tokenizer's."""
        generation = getattr(self.model, "generation_config", None)
        named = [getattr(generation, "eos_token_id", None), self.tokenizer.eos_token_id]
        flat = [id for ids in named for id in (ids if isinstance(ids, list) else [ids])]
        return frozenset(id for id in flat if id is not None)

    @cached_property
    def pauses(self) -> PauseConfig | None:
        """Its pause token, if it was fitted with one."""
        folder = Path(self.source.place)
        return read_pauses(folder) if folder.is_dir() and not self.source.gguf else None

    @cached_property
    def silent(self) -> tuple[int, ...]:
        """Tokens that are never said."""
        return () if self.pauses is None else (self.pauses.id,)

    def tensors(self, prefix: str) -> dict[str, torch.Tensor]:
        """The checkpoint's tensors whose names begin with `prefix`, in the model's dtype and on its
        device: heads that transformers does not know, such as "v_head." or "score.".

        Raises:
            InputError: the checkpoint is a GGUF file, which holds none.
        """
        if self.source.gguf:
            raise InputError(f"model {self.source.name}: a GGUF file holds no heads of its own")
        found: dict[str, torch.Tensor] = {}
        for file in _files(self.source):
            found |= _read(file, prefix)
        decoder = self.decoder
        return {name: found[name].to(decoder.device, decoder.dtype) for name in sorted(found)}


_loaded: dict[tuple[Source, torch.dtype, str], Loaded] = {}
_loading = threading.Lock()


def load(name: str, *, dtype: str | None = None, device: str | None = None) -> Loaded:
    """The model of that name, read into memory unless this process holds it already. Blocks.

    `name` is a folder, a .gguf file, an id on the hub, or one of our known weights. `dtype` is
    float32 on a CPU and bfloat16 on a GPU if None; `device` is "cuda" where there is one if None.

    Raises:
        InputError: there is no such model, or it is of a kind that cannot be run here.
        MissingError: the hub is not reached, or a library is missing.
    """
    source = find(name)
    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    number = _dtype(dtype, where)
    with _loading:
        key = (Source("", source.place, source.gguf), number, where)
        if key not in _loaded:
            _loaded[key] = _load(source, number, where)
        return _loaded[key]


def forget(name: str) -> None:
    """Let go of what this process holds from that place: its files were written anew."""
    place = find(name).place
    with _loading:
        for key in [key for key in _loaded if key[0].place == place]:
            del _loaded[key]


def _dtype(name: str | None, device: str) -> torch.dtype:
    found = getattr(torch, name or ("float32" if device == "cpu" else "bfloat16"), None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise InputError(f"dtype {name!r} is not one of float32, bfloat16, float16")
    return found


def _load(source: Source, dtype: torch.dtype, device: str) -> Loaded:
    local = {"local_files_only": True} if source.on_hub and not hub.reached() else {}
    arguments = {**source.arguments, **local, "trust_remote_code": False}
    with quiet(), explained(source, offline=bool(local)):
        try:
            torch.empty(0, device=device)
        except (RuntimeError, AssertionError) as error:  # the latter from a torch for CPUs alone
            raise MissingError(f"device {device!r} is not here: {_line(error)}") from None
        config = transformers.AutoConfig.from_pretrained(source.place, **arguments)
        auto = _auto(config)
        tokenizer = transformers.AutoTokenizer.from_pretrained(source.place, **arguments)
        # Attention is torch's "sdpa" by itself, and "eager" for the families that cannot have it.
        model, info = auto.from_pretrained(
            source.place, dtype=dtype, output_loading_info=True, **arguments
        )
    if missing := sorted(info["missing_keys"]):  # transformers would leave them random
        raise InputError(f"model {source.name}: tensors are missing, {missing[0]} among them")
    model = model.to(device).eval().requires_grad_(False)
    return Loaded(source, model, tokenizer, Decoder(model, name=source.name))


def _auto(config: Any) -> Any:
    architecture = (config.architectures or ["ForCausalLM"])[0]
    ends = (auto for ending, auto in AUTO.items() if architecture.endswith(ending))
    return getattr(transformers, next(ends, "AutoModel"))


@contextlib.contextmanager
def explained(source: Source, *, offline: bool) -> Iterator[None]:
    """What transformers raises, in our terms."""
    try:
        yield
    except ImportError as error:
        raise MissingError(
            f"model {source.name}: {_line(error)}: pip install 'ponder[local]'"
        ) from None
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if isinstance(error, InputError | MissingError):
            raise
        if offline:
            raise MissingError(
                f"model {source.name}: there is no such folder, and the hub is not reached "
                "(set HF_ENDPOINT to a mirror, or copy the model to a folder and name that)"
            ) from None
        raise InputError(f"model {source.name} cannot be loaded: {_line(error)}") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No progress bars, and no report on heads that we read ourselves."""
    from transformers import modeling_gguf_pytorch_utils

    logger = logging.getLogger("transformers")
    theirs: Any = transformers.utils.logging
    gguf: Any = modeling_gguf_pytorch_utils  # its bar has no switch
    level, bars, bar = logger.level, theirs.is_progress_bar_enabled(), gguf.tqdm
    logger.setLevel(logging.ERROR)
    theirs.disable_progress_bar()
    gguf.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        logger.setLevel(level)
        gguf.tqdm = bar
        if bars:
            theirs.enable_progress_bar()


def _files(source: Source) -> list[Path]:
    """The checkpoint's files on this disk: safetensors if there are any."""
    folder = Path(source.place)
    if source.on_hub:
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(source.place, local_files_only=True))
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def _read(file: Path, prefix: str) -> dict[str, torch.Tensor]:
    if file.suffix == ".bin":
        held = torch.load(file, map_location="cpu", weights_only=True)
        return {name: tensor for name, tensor in held.items() if name.startswith(prefix)}
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        names = [name for name in opened.keys() if name.startswith(prefix)]  # noqa: SIM118
        return {name: opened.get_tensor(name) for name in names}


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
