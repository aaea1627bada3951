"""Labels that a large reward model gives in people's place ("Let's Verify Step by Step", section 4
and appendix H; arXiv 2305.20050).

A step is wrong if p(negative) is above 0.20. Labels go up to and including the first wrong step, as
people's did; a solution is right if none of its steps is wrong. With the grade of the final answer
that makes the three kinds of supervision on the same data: process and outcome by the large model,
and outcome by the answer.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..errors import InputError
from ..verifiers import StepVerifier, Verifier
from ..verifiers.prm.readout import Difference, Raw, Readout, Share

ABOVE = 0.20
"""The paper's threshold, chosen to label about as strictly as people did."""
VERIFIED = "verified"
"""The field of a row that holds the large model's verdict on the whole solution."""
Negative = Callable[[float], float]
"""From a step's score to p(negative)."""


@runtime_checkable
class ReadsOut(Protocol):
    """A reward model that says how its scores come from what the model gives."""

    @property
    def readout(self) -> Readout | None:
        """How; None if it is not known."""


@dataclass(frozen=True, slots=True)
class Supervision:
    """What the large model says of a solution."""

    labels: tuple[float | None, ...]
    """1 for steps that pass, 0 for the first that does not, None for what follows it."""
    verified: bool
    """Whether every step passes."""


def negative_of(verifier: Verifier) -> Negative:
    """How p(negative) is read from that verifier's scores.

    Of two classes, and of judges whose score is the probability that a step is right, it is what is
    left of 1. So it is of three classes if neutral counts as positive, for then the score is
    p(positive) + p(neutral); a verifier that counts it as negative is refused, since its scores do
    not tell p(negative) from p(neutral).

    Raises:
        InputError: it judges no steps, or p(negative) cannot be known from its scores.
    """
    if not isinstance(verifier, StepVerifier):
        raise InputError(
            f"verifier {verifier.name}: steps are labelled by one that judges steps, such as "
            "prm:PATH or judge:MODEL"
        )
    readout = verifier.readout if isinstance(verifier, ReadsOut) else None
    match readout:
        case Share(neutral="negative", labels=labels) if "neutral" in labels:
            raise InputError(
                f"verifier {verifier.name}: with neutral=negative its scores do not tell wrong "
                "steps from neutral ones; leave that out"
            )
        case Difference():
            return lambda score: (1 - score) / 2  # p(+) - p(-), which add up to 1
        case Raw():
            raise InputError(
                f"verifier {verifier.name}: its scores are no probabilities, so p(negative) is "
                "not known"
            )
    return lambda score: 1 - score


def supervise(negatives: Sequence[float], above: float = ABOVE) -> Supervision:
    """The labels of a solution from p(negative) of its steps.

    Raises:
        ValueError: one is no probability.
    """
    for number, value in enumerate(negatives, 1):
        if not 0 <= value <= 1 or math.isnan(value):
            raise ValueError(f"the score of step {number} is no probability")
    wrong = next((n for n, value in enumerate(negatives) if value > above), None)
    if wrong is None:
        return Supervision((1.0,) * len(negatives), True)
    rest = len(negatives) - wrong - 1
    return Supervision((*(1.0,) * wrong, 0.0, *(None,) * rest), False)
