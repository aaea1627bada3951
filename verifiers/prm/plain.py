"""A decoder that keeps nothing."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Plain:
    """Every sequence by itself, whole."""

    def __init__(self, model: Any) -> None:
        self._model = model.eval()
        self.forwarded = 0

    @torch.inference_mode()
    def states(
        self, sequences: Sequence[Sequence[int]], positions: Sequence[Sequence[int]]
    ) -> list[Tensor]:
        """See `Decoder.states`."""
        states = []
        for ids, wanted in zip(sequences, positions, strict=True):
            hidden = self._model(input_ids=torch.tensor([list(ids)])).last_hidden_state[0]
            states.append(hidden[list(wanted)])
            self.forwarded += len(ids)
        return states
