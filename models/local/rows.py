"""Keys and values of sequences that are read side by side: one row each, every token in the column
of its own position, so that no row's length means anything to another."""

from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache

from .prefixes import Path, Segment


@dataclass(frozen=True, slots=True)
class Shape:
    """What one token takes."""

    layers: int
    key: tuple[int, int]
    """Heads, and the width of each."""
    value: tuple[int, int]
    hidden: int
    dtype: torch.dtype
    device: torch.device

    @property
    def bytes(self) -> int:
        """Of its keys and values in all layers, and its last hidden state."""
        numbers = self.layers * (self.key[0] * self.key[1] + self.value[0] * self.value[1])
        return (numbers + self.hidden) * self.dtype.itemsize


class Rows(Cache):
    """A rectangle of memory, allocated once. `update` is what the model's layers call; the others
    are for whoever puts sequences in and takes them out."""

    def __init__(self, shape: Shape, rows: int, columns: int) -> None:
        super().__init__(layers=[])
        self.shape, self.rows, self.columns = shape, rows, columns
        kept: dict[str, Any] = {"dtype": shape.dtype, "device": shape.device}
        # Zeros: a masked column is still multiplied by 0, which not-a-number survives.
        self.keys = torch.zeros(shape.layers, rows, columns, *shape.key, **kept)
        self.values = torch.zeros(shape.layers, rows, columns, *shape.value, **kept)
        self.states = torch.zeros(rows, columns, shape.hidden, **kept)
        self._at: tuple[torch.Tensor, torch.Tensor] = (torch.empty(0), torch.empty(0))
        self._seen = (0, 0)

    def aim(self, positions: torch.Tensor, longest: int) -> None:
        """Let the next forward pass write the first rows at `positions`, [rows, tokens], and see
        their first `longest` columns."""
        count = len(positions)
        self._at = (torch.arange(count, device=positions.device)[:, None], positions)
        self._seen = (count, longest)

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *_: Any,
        **__: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Take the keys and values of new tokens, [rows, heads, tokens, width], and give those of
        all tokens so far, in the same order of dimensions."""
        count, longest = self._seen
        keys, values = self.keys[layer_idx], self.values[layer_idx]
        keys[self._at] = key_states.transpose(1, 2)
        values[self._at] = value_states.transpose(1, 2)
        seen = keys[:count, :longest], values[:count, :longest]
        return seen[0].transpose(1, 2), seen[1].transpose(1, 2)

    def note(self, states: torch.Tensor) -> None:
        """Keep the last hidden states of the tokens that were just read, [rows, tokens, hidden]."""
        self.states[self._at] = states

    def put(self, row: int, path: Path) -> int:
        """Copy what is known into a row; returns the number of tokens."""
        at = 0
        for node, used in path:
            if node.segment is not None:
                self.keys[:, row, at : at + used] = node.segment.keys[:, :used]
                self.values[:, row, at : at + used] = node.segment.values[:, :used]
                self.states[row, at : at + used] = node.segment.states[:used]
            at += used
        return at

    def take(self, row: int, begin: int, end: int) -> Segment:
        """A copy of a row's columns from `begin` to `end`."""
        keys, values = self.keys[:, row, begin:end].clone(), self.values[:, row, begin:end].clone()
        return Segment(keys, values, self.states[row, begin:end].clone())

    def move(self, source: int, target: int, columns: int) -> None:
        """Copy the first columns of one row over those of another."""
        for held in (self.keys, self.values):
            held[:, target, :columns] = held[:, source, :columns]
        self.states[target, :columns] = self.states[source, :columns]

    def copy(self, other: "Rows", rows: int, columns: int) -> None:
        """Take over the first rows' first columns of another rectangle."""
        for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
            mine[:, :rows, :columns] = theirs[:, :rows, :columns]
        self.states[:rows, :columns] = other.states[:rows, :columns]

    def get_seq_length(self, *_: Any) -> int:
        """Columns seen by the pass that is under way; positions are always given, so nothing
        follows from it."""
        return self._seen[1]
