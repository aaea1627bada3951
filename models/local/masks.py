"""Who sees whom, said in full, so that it does not hang on where padding stands."""

from dataclasses import dataclass
from typing import Any

import torch

from ...errors import InputError

FULL, SLIDING = "full_attention", "sliding_attention"


@dataclass(frozen=True, slots=True)
class Masks:
    """The masks that a model's layers want."""

    kinds: frozenset[str]
    """Of its layers: full attention, attention to a sliding window, or some of both."""
    window: int | None
    dtype: torch.dtype

    @classmethod
    def of(cls, config: Any, name: str, dtype: torch.dtype) -> "Masks":
        """Those of the model with that configuration.

        Raises:
            InputError: it has layers of another kind.
        """
        window = getattr(config, "sliding_window", None)
        every = SLIDING if window else FULL
        kinds = frozenset(getattr(config, "layer_types", None) or [every])
        if not kinds <= {FULL, SLIDING}:
            raise InputError(
                f"model {name}: it has layers of {' and '.join(sorted(kinds - {FULL, SLIDING}))}; "
                "only full attention and sliding windows can be run here"
            )
        return cls(kinds, window, dtype)

    def build(
        self, positions: torch.Tensor, columns: int, prefixes: torch.Tensor | None = None
    ) -> Any:
        """For tokens at `positions`, [rows, tokens], that see columns 0 to `columns` - 1, each of
        which holds the token of that position: what to add to the attention's scores, [rows, 1,
        tokens, columns], or such by kind of layer. The first `prefixes`, [rows], tokens of each row
        see each other both ways."""
        seen = {kind: self._one(kind, positions, columns, prefixes) for kind in self.kinds}
        return seen if len(seen) > 1 else next(iter(seen.values()))

    def _one(
        self, kind: str, positions: torch.Tensor, columns: int, prefixes: torch.Tensor | None
    ) -> torch.Tensor:
        column = torch.arange(columns, device=positions.device)
        at = positions[:, None, :, None]
        sees = column <= at
        if prefixes is not None:
            first = prefixes[:, None, None, None]
            sees = sees | ((column < first) & (at < first))
        if kind == SLIDING and self.window is not None:
            sees &= column > at - self.window
        zero = torch.zeros((), dtype=self.dtype, device=positions.device)
        return torch.where(sees, zero, torch.finfo(self.dtype).min)
