"""From a checkpoint to a scorer: a base model of transformers' own, and the head beside it.

The head is laid over the base model's last states by us, so checkpoints whose classes transformers
lacks (Qwen2.5-Math-PRM, Skywork, ReasonEval, PQM) load like any other, and none of their code is
run. Of a language model's head only the rows of the words that are read take part.
"""

import pickle
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import InputError
from ...models.local import Loaded, load
from .format import Format, Layers, Words
from .scorer import Head, Scorer
from .tokens import Tokens


def load_scorer(
    name: str | Path, format: Format, *, dtype: str | None = None, device: str | None = None
) -> Scorer:
    """The reward model of that name (a folder, or an id on the hub), ready to score. `dtype` and
    `device` are as in `models.local.load`.

    Raises:
        InputError: it is no such model, or its tokenizer is not that format's.
        MissingError: the hub is not reached, or a library is missing.
    """
    try:
        loaded = load(str(name), dtype=dtype, device=device)
    except pickle.UnpicklingError as error:
        raise InputError(f"reward model {name}: its weights are more than tensors") from error
    tokens = Tokens(loaded.tokenizer)
    format.render(tokens, "What is 1 + 1?", ["2"])  # a tokenizer that does not fit is told now
    head = head_of(loaded, format, tokens)
    return Scorer(tokens, format, loaded.decoder, head, limit=loaded.decoder.limit)


def head_of(loaded: Loaded, format: Format, tokens: Tokens) -> Head:
    """What turns this model's states into the numbers that the format reads.

    Raises:
        InputError: the checkpoint has no such head, or one of another size.
    """
    if isinstance(format.head, Words):
        ids = [tokens.one(word, format.name) for word in format.head.words]
        if loaded.model.get_output_embeddings() is None:
            raise InputError(
                f"reward model {loaded.source.name}: format {format.name} reads a language model's "
                "head, and it has none"
            )
        return partial(loaded.decoder.logits, ids=ids)
    layers = _layers(loaded, format.head)
    size, wanted = layers[-1][0].shape[0], format.readout.outputs
    if wanted is not None and size != wanted:
        raise InputError(
            f"reward model {loaded.source.name}: its head gives {size} numbers, and format "
            f"{format.name} reads {wanted}"
        )
    return partial(_through, layers)


def _layers(loaded: Loaded, head: Layers) -> list[tuple[Tensor, Tensor | None]]:
    """Weight and bias of each, in float32."""
    held = {name: tensor.float() for name, tensor in loaded.tensors(f"{head.name}.").items()}
    parts = [head.name, f"{head.name}.0", f"{head.name}.2"]
    layers = [
        (held[f"{part}.weight"], held.get(f"{part}.bias"))
        for part in parts
        if f"{part}.weight" in held
    ]
    if not layers:
        raise InputError(
            f"reward model {loaded.source.name}: there is no {head.name}.weight among its tensors"
        )
    return layers


@torch.inference_mode()
def _through(layers: Sequence[tuple[Tensor, Tensor | None]], states: Tensor) -> Tensor:
    for number, (weight, bias) in enumerate(layers):
        states = functional.linear(functional.relu(states) if number else states, weight, bias)
    return states
