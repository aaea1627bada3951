"""From one score a step to one score for the solution."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

Aggregate = Literal["product", "min", "last", "mean"]
AGGREGATES: tuple[str, ...] = get_args(Aggregate)


def aggregate(scores: Sequence[float], how: Aggregate) -> float:
    """The score of a solution whose steps have these (at least one).

    "product" is the default of "Let's Verify Step by Step" (2305.20050, section 2.6), which prefers
    short solutions; "last" that of "Scaling LLM Test-Time Compute Optimally" (2408.03314, appendix
    E), for models trained on soft labels.
    """
    if how == "product":
        return math.prod(scores)
    if how == "min":
        return min(scores)
    if how == "last":
        return scores[-1]
    return math.fsum(scores) / len(scores)
