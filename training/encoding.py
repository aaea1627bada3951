"""From labelled solutions to token ids, positions and targets, by the very renderer that the fitted
model will be read with (`Format.render`)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import InputError
from ..verifiers.prm import Format, Outcome, Tokens
from ..verifiers.prm.readout import Label
from .bad import Bad
from .examples import Example, Target

Neutral = Literal["positive", "negative"]
Distribution = tuple[float, ...]
"""How likely each output of the head should be; of a head with one output, p(right)."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A solution as a model is fitted to it."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    """Of the tokens whose states are read, of all steps."""
    targets: tuple[Distribution | None, ...]
    """One a position; None takes no part in the loss."""
    where: str = ""
    """File and line, for messages."""

    @property
    def learnt(self) -> int:
        """How many positions have a target."""
        return sum(target is not None for target in self.targets)


Encode = Callable[[Example], Encoded]


@dataclass(frozen=True, slots=True)
class StepEncoder:
    """One position a step, each with its label's target."""

    tokens: Tokens
    format: Format
    labels: tuple[Label, ...]
    """What the head's outputs stand for; none if its one output is p(right)."""
    neutral: Neutral = "positive"

    def __call__(self, example: Example) -> Encoded:
        """Raises:
        InputError: the tokenizer is not one that the format was made with.
        """
        ready = self.format.render(self.tokens, example.prompt, example.steps)
        labels = example.labels or (None,) * len(example.steps)
        targets = tuple(target(label, self.labels, self.neutral) for label in labels)
        return Encoded(ready.ids, ready.positions, targets, example.where)


@dataclass(frozen=True, slots=True)
class OutcomeEncoder:
    """The outcome as the target of every token from the solution's first on (2305.20050, appendix
    E; Cobbe et al., 2110.14168), or of the last alone, where the score will be read. In a chat the
    template's tokens after the solution learn it too."""

    tokens: Tokens
    format: Outcome
    every: bool = True
    join: str = "\n\n"
    """What stands between steps in a solution's text."""

    def __call__(self, example: Example) -> Encoded:
        """See `StepEncoder`."""
        text = self.join.join(example.steps)
        ready = self.format.render(self.tokens, example.prompt, [text])
        last = ready.positions[-1]
        first = min(last, self.format.begin(self.tokens, example.prompt)) if self.every else last
        goal = None if example.correct is None else (float(example.correct),)
        positions = tuple(range(first, last + 1))
        return Encoded(ready.ids, positions, (goal,) * len(positions), example.where)


def target(
    label: Target, labels: Sequence[Label], neutral: Neutral = "positive"
) -> Distribution | None:
    """How likely each of `labels` should be for a step of that label; [p(right)] if there are none.

    A number is the probability that the step is right, and stays what it is: it goes to "positive",
    and what is left of 1 to "negative". A class is its own output, and neutral, where there is none
    for it, is what `neutral` says (2305.20050, section 2.6, has it positive).
    """
    if label is None:
        return None
    if not labels:
        return (right(label, neutral),)
    if isinstance(label, str) and label in labels:
        return tuple(float(one == label) for one in labels)
    share = right(label, neutral)
    shares = {"positive": share, "negative": 1 - share}
    return tuple(shares.get(one, 0.0) for one in labels)


def right(label: float | Label, neutral: Neutral = "positive") -> float:
    """The probability that a step with that label is right."""
    if isinstance(label, str):
        return float(label == "positive" or (label == "neutral" and neutral == "positive"))
    return float(label)


def first_wrong(example: Example, neutral: Neutral = "positive") -> int | None:
    """The index of the first step that is labelled wrong (less than half right), -1 if all are
    labelled right; None if that is not known."""
    for number, label in enumerate(example.labels):
        if label is None:
            return None
        if right(label, neutral) < 0.5:
            return number
    return -1 if example.labels else None


def encode_all(
    examples: Iterable[Example], encode: Encode, limit: int | None, bad: Bad
) -> list[tuple[Example, Encoded]]:
    """The examples that fit into the model, each with what it is encoded to.

    Raises:
        InputError: (unless `bad` skips) one is longer than `limit` tokens, or can't be encoded.
    """
    found: list[tuple[Example, Encoded]] = []
    for example in examples:
        where = example.where or f"the solution of {example.question[:40]!r}"
        try:
            ready = encode(example)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None  # the tokenizer's fault, not the row's
        if limit is not None and len(ready.ids) > limit:
            reason = f"longer than the {limit} tokens that are taken"
            bad.row(where, reason, f"{len(ready.ids)} tokens{_longest(example)}")
            continue
        found.append((example, ready))
    return found


def needed(one: Encoded) -> Encoded:
    """Up to the last position that has a target: models are causal, so what follows it would be in
    vain."""
    last = max(n for n, goal in enumerate(one.targets) if goal is not None)
    end = one.positions[last] + 1
    return Encoded(one.ids[:end], one.positions[: last + 1], one.targets[: last + 1], one.where)


def _longest(example: Example) -> str:
    sizes = [len(step) for step in example.steps]
    most = max(range(len(sizes)), key=sizes.__getitem__)
    return f"; its longest step, {most + 1} of {len(sizes)}, has {sizes[most]} characters"
