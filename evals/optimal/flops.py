"""Test-time compute against pretraining, in floating-point operations.

Paper: "Scaling LLM Test-Time Compute Optimally", section 7 (arXiv 2408.03314): pretraining a model
of N parameters on D_pre tokens takes X = 6 N D_pre, its inference over D_inf tokens Y = 2 N D_inf.
A model of M times the parameters costs M (X + Y); the smaller one, at the same cost, may spend
M + 3 (M − 1) / R times its inference, where R = D_inf / D_pre.

Not in these formulas, and counted apart here: what verifiers take. Not counted at all: attention
over the context, and what a cache of keys and values saves of repeated prompts, which are counted
each time they are sent.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import InputError
from ..metrics.bootstrap import Interval
from .efficiency import Censored, at_generations

Side = Literal["test-time compute", "pretraining", "undecided"]
PAPER_M = 14.0
"""How much larger the paper's larger model is, about."""
PAPER_RATIOS = (0.16, 0.79, 22.0)


def pretraining(parameters: float, tokens: float) -> float:
    """X = 6 N D_pre, FLOPs.

    Raises:
        InputError: a number that is none, or not above 0 (tokens may be 0).
    """
    return 6 * _positive("parameters", parameters) * _from_zero("tokens", tokens)


def inference(parameters: float, tokens: float) -> float:
    """Y = 2 N D_inf, FLOPs; the tokens of prompts and of replies alike.

    Raises:
        InputError: as `pretraining`.
    """
    return 2 * _positive("parameters", parameters) * _from_zero("tokens", tokens)


def ratio(inference_tokens: float, pretraining_tokens: float) -> float:
    """R = D_inf / D_pre.

    Raises:
        InputError: one is not above 0.
    """
    above = _positive("inference tokens", inference_tokens)
    return above / _positive("pretraining tokens", pretraining_tokens)


def multiplier(larger: float, ratio: float) -> float:
    """How many times its own inference a model may spend for the FLOPs of one that is `larger`
    times its size: M + 3 (M − 1) / R. If one answer of the larger is inference once, these are the
    generations of the smaller.

    Raises:
        InputError: M is below 1, or R not above 0.
    """
    if not (math.isfinite(larger) and larger >= 1):
        raise InputError(f"M = {larger}: the larger model must be at least as large")
    return larger + 3 * (larger - 1) / _positive("R", ratio)


@dataclass(frozen=True, slots=True)
class Match:
    """Both models at equal FLOPs."""

    larger: float
    """M."""
    ratio: float
    """R."""
    generations: float
    """That the smaller model may spend on a question."""
    accuracy: float
    """Of the smaller with so many; interpolated over log N, from its curve."""
    censored: Censored
    """"above": its curve ends before, and that is its last accuracy. More might come to more."""
    pretrained: float
    """Of the larger model's one greedy answer."""
    side: Side

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {name: getattr(self, name) for name in self.__slots__}


def match(
    curve: Mapping[int, float], pretrained: float, larger: float, ratio: float, slack: float = 0.0
) -> Match:
    """On which side a pair of accuracies falls: the smaller model's, by generations, and the larger
    model's. Where they differ by no more than `slack` (half the width of an interval, say), it is
    undecided; and where the smaller is behind and its curve ends too early to say, too.

    Raises:
        InputError: as `multiplier` and `at_generations`.
    """
    generations = multiplier(larger, ratio)
    accuracy, censored = at_generations(curve, generations)
    side = side_of(accuracy - pretrained, slack)
    if side == "pretraining" and censored == "above":
        side = "undecided"
    return Match(larger, ratio, generations, accuracy, censored, pretrained, side)


def side_of(difference: float | Interval, slack: float = 0.0) -> Side:
    """Who is ahead, given the smaller model's accuracy less the larger's: with an interval, only
    where it has 0 on neither side."""
    if isinstance(difference, Interval):
        low, high = difference.low, difference.high
    else:
        low, high = difference - slack, difference + slack
    if low > 0:
        return "test-time compute"
    return "pretraining" if high < 0 else "undecided"


def _positive(what: str, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{what} = {value}: must be a number above 0")
    return value


def _from_zero(what: str, value: float) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{what} = {value}: must be a number from 0 on")
    return value
