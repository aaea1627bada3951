"""What was found out of one side of a pair: losses, and their ratios."""

import math
from dataclasses import dataclass
from typing import Literal

By = Literal["ppl", "loss"]
"""Ratio of perplexities (2402.10110, equations 3 and 9; Superfiltering), or of losses (Cherry_LLM,
2308.12032). Both are above 1 for the same pairs, but rank them differently."""


LARGEST = 700.0
"""Beyond which a ratio's logarithm has no number."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The mean negative log-likelihood of some tokens, in nats a token."""

    value: float
    tokens: int
    """How many were scored."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Of a text y and what it follows, x: L(y|x) and L(y). With y the answer, its ratio is the
    pair's IFD; with y the instruction and x the question for it, its r-IFD."""

    given: Loss | None = None
    """L(y|x) (equation 2)."""
    alone: Loss | None = None
    """L(y)."""
    reason: str = ""
    """Why there is none, if there is none."""

    def ratio(self, by: By = "ppl") -> float | None:
        """exp(L(y|x) - L(y)), or L(y|x) / L(y); None where it could not be scored."""
        if self.given is None or self.alone is None:
            return None
        given, alone = self.given.value, self.alone.value
        if by == "ppl":
            return math.exp(min(given - alone, LARGEST))
        return given / alone if alone > 0 else None
