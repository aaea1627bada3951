"""A language model with a head that is read at some positions only, as it is fitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..models.local.decoder import scaled


@dataclass(frozen=True, slots=True)
class Reading:
    """How the states at the positions become numbers."""

    outputs: int
    """How many there are."""
    words: tuple[int, ...] = ()
    """The label words' token ids, where the language model's own head is read."""
    over: Literal["vocabulary", "words"] = "words"
    """What label words' likelihoods are shares of in the loss."""
    head: str = ""
    """The attribute of the model that holds its head, where it has one of its own."""


class Scoring(nn.Module):
    """Forwards the base model once and its head for the read positions alone, so that no logits of
    a whole vocabulary are made for tokens that nobody reads."""

    def __init__(self, model: Any, reading: Reading, dropout: float = 0.0) -> None:
        super().__init__()
        self.model = model
        self.reading = reading
        self.dropout = nn.Dropout(dropout)
        hidden = self.config.get_text_config(decoder=True).hidden_size
        # Beside the model, for it is none of its own; saved as "v_head.summary" (see saving.py).
        self.value = nn.Linear(hidden, 1) if not (reading.words or reading.head) else None
        if self.value is not None:
            nn.init.normal_(self.value.weight, std=self.config.initializer_range)
            nn.init.zeros_(self.value.bias)

    @property
    def inner(self) -> Any:
        """The model itself, without what LoRA puts around it."""
        return self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model

    @property
    def config(self) -> Any:
        """The model's."""
        return self.inner.config

    def forward(self, input_ids: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Of `input_ids` [batch, tokens], padded at their ends, the states at (rows, columns), [n]
        each, as numbers: float32 [n, outputs].

        Models are causal, so padding at the end needs no mask.
        """
        out = self.inner.base_model(input_ids=input_ids, use_cache=False)
        states = self.dropout(out.last_hidden_state[rows, columns])
        with torch.autocast(states.device.type, enabled=False):
            return self._numbers(states)

    def _numbers(self, states: Tensor) -> Tensor:
        reading = self.reading
        if not reading.words:
            head = self.value if self.value is not None else getattr(self.inner, reading.head)
            made: Tensor = head(states.to(next(head.parameters()).dtype)).float()
            return made
        words = list(reading.words)
        if reading.over == "words":
            return self.logits(states, words)
        # Log-likelihoods in the vocabulary are logits too: a softmax over the words alone, as they
        # are read, makes the same of them as of the words' own.
        return self.logits(states).log_softmax(-1)[:, words]

    def logits(self, states: Tensor, ids: Sequence[int] | None = None) -> Tensor:
        """What the language model's own head makes of states [n, hidden]: float32 [n, vocabulary],
        or of those tokens alone."""
        head = self.inner.get_output_embeddings()
        weight, bias = head.weight, getattr(head, "bias", None)
        if ids is not None:
            weight, bias = weight[ids], None if bias is None else bias[ids]
        found = functional.linear(states.to(weight.dtype), weight, bias).float()
        made: Tensor = scaled(found, self.config.get_text_config(decoder=True))
        return made

    def loss(self, numbers: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy with target distributions, both [n, outputs]: [n]. With one output it is
        binary cross-entropy with p(right) (2408.03314, appendix D)."""
        if self.reading.outputs == 1:
            return functional.binary_cross_entropy_with_logits(
                numbers[:, 0], targets[:, 0], reduction="none"
            )
        whole = self.reading.words and self.reading.over == "vocabulary"
        logs = numbers if whole else numbers.log_softmax(-1)
        # 0 x -inf is 0 here: a word that nobody wants may have no likelihood.
        return -torch.where(targets > 0, targets * logs, 0.0).sum(-1)


def label_words(ids: Sequence[int], over: Literal["vocabulary", "words"]) -> Reading:
    """How label words are read."""
    return Reading(len(ids), tuple(ids), over)
