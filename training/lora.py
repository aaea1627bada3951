"""LoRA (Hu et al., 2106.09685), by peft."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn
from transformers.pytorch_utils import Conv1D

from ..errors import MissingError
from .fit_options import FitOptions


def with_lora(model: Any, head: str, options: FitOptions, token: int | None = None) -> Any:
    """The model with matrices of low rank beside every linear layer of its base, which alone are
    fitted, and its head, and the embedding of one `token`: that row, and no other.

    Raises:
        MissingError: peft is not installed.
    """
    try:
        import peft
    except ImportError:
        raise MissingError("lora needs peft: pip install 'ponder[train]'") from None
    layers = dict(model.base_model.named_modules())
    linear = [name for name, one in layers.items() if isinstance(one, nn.Linear | Conv1D)]
    if head:
        getattr(model, head).float()  # it is fitted whole
    embedding = model.get_input_embeddings()
    embeddings = next(name for name, one in model.named_modules() if one is embedding)
    alpha: Any = options.lora_alpha or 2 * options.lora
    config = peft.LoraConfig(
        r=options.lora,
        lora_alpha=alpha,
        lora_dropout=options.dropout,
        target_modules=sorted({name.rpartition(".")[2] for name in linear}),
        modules_to_save=[head] if head else None,
        trainable_token_indices=(
            None if token is None else {embeddings.rpartition(".")[2]: [token]}
        ),
        fan_in_fan_out=any(isinstance(one, Conv1D) for one in layers.values()),
    )
    with _quiet():
        return peft.get_peft_model(model, config)


def merged(model: Any, folder: Path) -> Any:
    """The model with its adapter, if it has one, merged into its weights; the adapter is kept in
    `folder` as well."""
    if not hasattr(model, "peft_config"):
        return model
    with _quiet():
        model.save_pretrained(str(folder))
        return model.merge_and_unload()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """peft uses names that transformers is about to give up, and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.filterwarnings("ignore", module="peft")
        yield
