"""From the numbers a reward model gives for a step to its score. Plain arithmetic, no tensors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

Label = Literal["positive", "neutral", "negative"]
Range = tuple[float, float]


class Readout(Protocol):
    """What the score of a step is, given the model's logits (or values) for it."""

    @property
    def range(self) -> Range:
        """Between what every score lies."""

    @property
    def outputs(self) -> int | None:
        """How many numbers it reads; None if that depends on the checkpoint."""

    def __call__(self, logits: Sequence[float]) -> float:
        """The score. NaN where a number is NaN."""


def softmax(logits: Sequence[float]) -> list[float]:
    """Their shares of 1. An underflow to 0 stays a share like any other."""
    top = max(logits)
    weights = [math.exp(logit - top) for logit in logits]
    return [weight / math.fsum(weights) for weight in weights]


@dataclass(frozen=True, slots=True)
class Share:
    """The probability of the labels that count as right, by softmax over all labels.

    Neutral counts as positive by default, as in 2305.20050, section 2.6; there the product scores
    78.2 % so, and 77.4 % with neutral as negative.
    """

    labels: tuple[Label, ...]
    """What each of the model's outputs stands for, in its order."""
    neutral: Literal["positive", "negative"] = "positive"
    range: ClassVar[Range] = (0.0, 1.0)

    @property
    def outputs(self) -> int:
        """See `Readout.outputs`."""
        return len(self.labels)

    def __call__(self, logits: Sequence[float]) -> float:
        """See `Readout`."""
        shares = zip(self.labels, softmax(logits), strict=True)
        right = math.fsum(share for label, share in shares if self._is_right(label))
        return 1.0 if right > 1 else right  # a min() would make 1 of NaN

    def _is_right(self, label: Label) -> bool:
        return label == "positive" or (label == "neutral" and self.neutral == "positive")


@dataclass(frozen=True, slots=True)
class Difference:
    """p(positive) − p(negative), by softmax over the labels."""

    labels: tuple[Label, ...] = ("negative", "positive")
    range: ClassVar[Range] = (-1.0, 1.0)

    @property
    def outputs(self) -> int:
        """See `Readout.outputs`."""
        return len(self.labels)

    def __call__(self, logits: Sequence[float]) -> float:
        """See `Readout`."""
        shares = dict(zip(self.labels, softmax(logits), strict=True))
        return shares["positive"] - shares["negative"]


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """The logistic function of a value; of the values' mean where the head gives several."""

    range: ClassVar[Range] = (0.0, 1.0)
    outputs: int | None = 1

    def __call__(self, logits: Sequence[float]) -> float:
        """See `Readout`."""
        value = math.fsum(logits) / len(logits)
        if value >= 0:
            return 1 / (1 + math.exp(-value))
        return math.exp(value) / (1 + math.exp(value))


@dataclass(frozen=True, slots=True)
class Raw:
    """The value itself."""

    range: ClassVar[Range] = (-math.inf, math.inf)
    outputs: ClassVar[int] = 1

    def __call__(self, logits: Sequence[float]) -> float:
        """See `Readout`."""
        (value,) = logits
        return value
