"""From logits to the next token, such that no request's draw hangs on another's."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

LIKELIEST = 1024


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a request draws its tokens. In the order they are applied:"""

    temperature: float = 1.0
    """0 takes the likeliest token, whatever else is set."""
    top_k: int = 0
    """Only so many of the likeliest tokens; all if 0. Of equally likely ones at the border, all."""
    top_p: float = 1.0
    """Only the likeliest tokens that together have this probability (nucleus sampling, Holtzman et
    al. 2020, section 3.1). At the border as above."""


def draw(logits: torch.Tensor, how: Sequence[Sampling], uniforms: Sequence[float]) -> list[int]:
    """A token for each row of `logits`, [rows, vocabulary], float32.

    Inverse transform sampling: the first token, in order of their numbers, at which the cumulative
    probability passes the row's uniform number (from [0, 1)). Probabilities are float64. A row's
    token depends on that row alone, bit for bit.
    """
    chosen = logits.argmax(-1)
    rows = [i for i, sampling in enumerate(how) if sampling.temperature > 0]
    if rows:
        some = torch.tensor(rows, device=logits.device)
        numbers = torch.tensor([uniforms[i] for i in rows], dtype=torch.float64)
        weights = _weights(logits[some], [how[i] for i in rows])
        chosen[some] = _invert(weights, numbers.to(logits.device))
    found: list[int] = chosen.tolist()
    return found


def _weights(logits: torch.Tensor, how: Sequence[Sampling]) -> torch.Tensor:
    """Probabilities up to a factor: [rows, vocabulary], float64, 0 for what may not be drawn."""
    temperatures = torch.tensor([sampling.temperature for sampling in how], device=logits.device)
    scaled = logits / temperatures[:, None]
    for row, sampling in enumerate(how):
        if 0 < sampling.top_k < logits.shape[-1]:
            least = scaled[row].topk(sampling.top_k).values[-1]
            scaled[row].masked_fill_(scaled[row] < least, -torch.inf)
    weights = (scaled - scaled.max(-1, keepdim=True).values).exp().double()
    if any(sampling.top_p < 1 for sampling in how):
        _keep_nuclei(weights, [sampling.top_p for sampling in how])
    return weights


def _keep_nuclei(weights: torch.Tensor, top_p: Sequence[float]) -> None:
    """Set what is outside each row's nucleus to 0. Looks at the likeliest tokens first: to sort all
    takes ten times as long."""
    mass = torch.tensor(top_p, dtype=weights.dtype, device=weights.device) * weights.sum(-1)
    ordered = weights.topk(min(LIKELIEST, weights.shape[-1]), -1).values
    for row, share in enumerate(top_p):
        if share >= 1:
            continue
        best = ordered[row]
        reached = best.cumsum(0) >= mass[row]
        if not reached[-1]:
            best = weights[row].sort(descending=True).values
            reached = best.cumsum(0) >= mass[row]
        least = best[reached.to(torch.int8).argmax()]
        weights[row].masked_fill_(weights[row] < least, 0)


def _invert(weights: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    cumulative = weights.cumsum(-1)
    total = cumulative[:, -1:].contiguous()
    index = torch.searchsorted(cumulative, uniforms[:, None] * total, right=True)
    last = torch.searchsorted(cumulative, total)  # the last that may be drawn, against rounding
    return torch.minimum(index, last)[:, 0]
