"""How likely given tokens are."""

from collections.abc import Sequence

import torch

from .decoder import Decoder

PORTION = 2**24
"""Logits that are held at once."""


def likelihoods(decoder: Decoder, states: torch.Tensor, ids: Sequence[int]) -> list[float]:
    """The natural logarithm of the probability of each of `ids`, given the last hidden state before
    it, [ids, hidden]."""
    found: list[float] = []
    some = max(1, PORTION // decoder.model.config.get_text_config(decoder=True).vocab_size)
    for begin in range(0, len(ids), some):
        logits = decoder.logits(states[begin : begin + some])
        wanted = torch.tensor(ids[begin : begin + some], device=logits.device)
        found += logits.log_softmax(-1).gather(-1, wanted[:, None])[:, 0].tolist()
    return found
