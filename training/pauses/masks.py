"""Who sees whom where a prefix is read both ways (2310.02226, figure 1)."""

from collections.abc import Sequence

import torch
from torch import Tensor


def prefix_mask(
    prefixes: Sequence[int], lengths: Sequence[int], dtype: torch.dtype = torch.float32
) -> Tensor:
    """What to add to the scores of attention, [rows, 1, tokens, tokens], for rows that are padded
    at their ends: 0 where a token sees another. The tokens of a row's prefix see all of it; those
    after it see what is before them, and themselves. Padding is seen by itself alone, so that no
    row of scores is empty."""
    wide = max(lengths)
    at = torch.arange(wide)
    first = torch.tensor(prefixes)[:, None, None]
    inside = (at < torch.tensor(lengths)[:, None])[:, None]  # [rows, 1, columns]
    causal = at[None, :] <= at[:, None]  # [tokens, columns]
    both = (at[:, None] < first) & (at[None, :] < first)  # [rows, tokens, columns]
    sees = ((causal | both) & inside) | torch.eye(wide, dtype=torch.bool)
    zero = torch.zeros((), dtype=dtype)
    return torch.where(sees, zero, torch.finfo(dtype).min)[:, None]
