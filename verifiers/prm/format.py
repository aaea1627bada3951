"""What a format of reward models is: how a solution is written for the model, and where and how
its scores are read.

Positions are known from how the tokens are put together, never searched for in them. So whatever
a solution's text holds, there is one position a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..aggregation import Aggregate
from .readout import Readout
from .tokens import Tokens


@dataclass(frozen=True, slots=True)
class Rendered:
    """A solution as a reward model reads it."""

    ids: tuple[int, ...]
    """Up to the last token that is needed: models are causal, so what follows it would be in
    vain."""
    positions: tuple[int, ...]
    """For each step the index in `ids` of the token whose state its score is read from. They never
    decrease."""


@dataclass(frozen=True, slots=True)
class Words:
    """Scores come from the language model's own head: the logits of these words, one token each."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layers:
    """Scores come from a head of the checkpoint's own, whose tensors' names begin so: one linear
    layer (NAME.weight) or two with a ReLU between (NAME.0.weight, NAME.2.weight)."""

    name: str


class Format(Protocol):
    """How one family of reward models is fed and read. A frozen dataclass."""

    @property
    def name(self) -> str:
        """What a user calls it."""

    @property
    def head(self) -> Words | Layers:
        """What turns the states at the positions into numbers."""

    @property
    def readout(self) -> Readout:
        """What turns a step's numbers into its score."""

    @property
    def aggregate(self) -> Aggregate:
        """How its authors (or else 2408.03314) sum the steps' scores up."""

    def render(self, tokens: Tokens, problem: str, steps: Sequence[str]) -> Rendered:
        """One position for each step, whatever its text (none for no steps), and the ids of some
        steps are a prefix of those of these and more, so that what was computed for a prefix serves
        whatever goes on from it. Formats that judge outcomes have one position for all steps, and
        no such prefixes.

        Raises:
            InputError: the tokenizer is not one that this format was made with.
        """
