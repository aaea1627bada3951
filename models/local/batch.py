"""Sequences that are decoded side by side, and the memory they have."""

from functools import partial

import torch

from .decoder import Decoder
from .prefixes import Path
from .requests import Live
from .rows import Rows

COLUMNS = 64
"""Memory grows by so many columns at least."""
AHEAD = 32
"""Tokens that a sequence must have room for before it joins."""


class Batch:
    """The active sequences, each in the row of its index, each with all but its last token read.

    The rows are one rectangle, as wide as the longest sequence and never of more tokens than the
    budget; it grows by half at a time, so that a token costs no copy of the past, and a row that is
    left is filled with the last one. While it grows, the old rectangle is held beside the new.
    """

    def __init__(self, decoder: Decoder, *, most: int, budget: int) -> None:
        self.active: list[Live] = []
        self._decoder, self._most, self._budget = decoder, most, budget
        self._rows: Rows | None = None

    def fits(self, more: list[Live]) -> bool:
        """Whether these can join."""
        both = [*self.active, *more]
        wide = max(len(live.ids) + min(AHEAD, live.left) for live in both)
        return len(both) <= self._most and len(both) * wide <= self._budget

    def join(self, live: Live, path: Path) -> None:
        """Take one in whose last token was just drawn; `path` holds the others."""
        rows = self._room(len(self.active) + 1, len(live.ids))
        rows.put(len(self.active), path)
        self.active.append(live)

    def leave(self, live: Live, *, keep: bool) -> None:
        """Let one go; keep what was read of it for others to go on from."""
        row, last, rows = self.active.index(live), len(self.active) - 1, self._rows
        assert rows is not None
        if keep:
            self._decoder.prefixes.add(live.ids[:-1], partial(rows.take, row))
        if row != last:
            self.active[row] = self.active[last]
            rows.move(last, row, len(self.active[row].ids) - 1)
        self.active.pop()

    def crowded(self) -> bool:
        """Whether the next token of all has no room: somebody has to leave."""
        wide = max((len(live.ids) for live in self.active), default=0)
        return len(self.active) * wide > self._budget

    def clear(self) -> None:
        """Let all go, and the memory with them."""
        self.active.clear()
        self._rows = None

    def step(self) -> torch.Tensor:
        """Read the last token of each: the logits of the next, [active, vocabulary]."""
        lengths = [len(live.ids) for live in self.active]
        rows = self._room(len(lengths), max(lengths))
        device = self._decoder.device
        ids = torch.tensor([[live.ids[-1]] for live in self.active], device=device)
        positions = torch.tensor([[length - 1] for length in lengths], device=device)
        states = self._decoder.forward(rows, ids, positions)
        self._decoder.counters.forwarded += len(lengths)
        return self._decoder.logits(states[:, 0])

    def _room(self, rows: int, columns: int) -> Rows:
        """The rectangle, once it has so many rows and columns."""
        now, filled = self._rows, max((len(live.ids) - 1 for live in self.active), default=0)
        columns = max(columns, filled)
        if now is not None and now.rows >= rows and now.columns >= columns:
            return now
        wide = max(columns, min(columns + max(COLUMNS, columns // 2), self._budget // rows))
        high = max(rows, min(1 << (rows - 1).bit_length(), self._most, self._budget // wide))
        grown = Rows(self._decoder.shape, high, wide)
        if now is not None and self.active:
            grown.copy(now, len(self.active), filled)
        self._rows = grown
        return grown
