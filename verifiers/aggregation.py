"""One score of a solution from one score a step."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

Aggregate = Literal["product", "min", "last", "mean"]
AGGREGATES: tuple[str, ...] = get_args(Aggregate)


def aggregate(steps: Sequence[float | None], how: Aggregate = "product") -> float | None:
    """A solution's score from its steps' (for probabilities, between 0 and 1).

    "product" and "min" are Let's Verify Step by Step's (section 2.6, appendix F), with the product
    as its default: the probability that every step is right. "last" is the score of the last step,
    which Scaling LLM Test-Time Compute Optimally found best for its soft labels (section 5.1,
    appendix E). "mean" is RLHFlow's.

    None if there are no steps, or one of them has no score (None or NaN): a solution that is not
    judged whole is not judged, whatever the aggregation.
    """
    scores = [step for step in steps if step is not None and not math.isnan(step)]
    if not scores or len(scores) < len(steps):
        return None
    match how:
        case "product":
            return math.prod(scores)
        case "min":
            return min(scores)
        case "last":
            return scores[-1]
        case "mean":
            return math.fsum(scores) / len(scores)
