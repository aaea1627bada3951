"""The pause token of a model that has none."""

from typing import Any

import torch

from ...errors import InputError


def add_pause_token(model: Any, tokenizer: Any, token: str) -> int:
    """Give tokenizer and model that token, if they lack it, and return its number. Its embedding
    begins as the mean of all others, so that a fit is the same each time (the paper does not say
    how it begins). A row that a padded vocabulary has already is used; none is ever removed.

    Raises:
        InputError: the tokenizer has it as something else than one token.
    """
    tokenizer.add_special_tokens(
        {"extra_special_tokens": [token]}, replace_extra_special_tokens=False
    )
    ids = tokenizer.encode(token, add_special_tokens=False)
    if len(ids) != 1:
        raise InputError(f"pause token {token!r} is not one token of the tokenizer")
    [id] = ids
    embedding = model.get_input_embeddings().weight
    rows = len(embedding)
    known = getattr(model.config, "pause_token_id", None) == id
    if id >= rows:
        model.resize_token_embeddings(id + 1, mean_resizing=False)
    if not known:
        _begin(model, id, rows)
        model.config.pause_token_id = id
    return int(id)


@torch.no_grad()
def _begin(model: Any, id: int, rows: int) -> None:
    held = [model.get_input_embeddings().weight]
    head = model.get_output_embeddings()
    if head is not None and head.weight is not held[0]:
        held.append(head.weight)
    for weight in held:
        others = torch.arange(rows) != id
        weight[id] = weight[:rows][others].mean(0)
