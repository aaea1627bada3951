"""Many solutions scored together: each distinct one once, in batches of like length."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from .format import Format, Rendered
from .tokens import Tokens

if TYPE_CHECKING:
    from torch import Tensor

BATCH_TOKENS = 16384
Solution = tuple[str, tuple[str, ...]]
"""A problem, and the steps of a solution of it."""
Head = Callable[["Tensor"], "Tensor"]
"""States (n, hidden) to numbers (n, outputs)."""


class Decoder(Protocol):
    """A causal model that gives its last layer's states and keeps what it computed of prefixes."""

    @property
    def forwarded(self) -> int:
        """How many tokens have gone through the model, ever."""

    def states(
        self, sequences: Sequence[Sequence[int]], positions: Sequence[Sequence[int]]
    ) -> "list[Tensor]":
        """For each sequence of token ids its states (len(positions), hidden)."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of a solution."""

    scores: tuple[float, ...] = ()
    reason: str = ""
    """Why there are no scores, if there are none."""
    tokens: int = 0
    """Its share of the tokens that were forwarded."""
    seconds: float = 0.0


@dataclass
class Scorer:
    """A reward model that is held in memory. Not for two threads at once."""

    tokens: Tokens
    format: Format
    decoder: Decoder
    head: Head
    limit: int | None = None
    """How many tokens the model takes; what is longer is not scored, and never cut."""
    batch_tokens: int = BATCH_TOKENS
    """How many tokens a batch may hold, padding included."""

    def __call__(self, solutions: Sequence[Solution]) -> list[Scored]:
        """What came of each, in order. A solution that fails costs no other its scores."""
        results = [Scored()] * len(solutions)
        asked: dict[Rendered, list[int]] = {}
        for solution, places in _places(solutions).items():
            ready = self._render(solution)
            if isinstance(ready, Rendered):
                asked.setdefault(ready, []).extend(places)
            else:
                for place in places:
                    results[place] = Scored(reason=ready)
        for batch in _batches(list(asked), self.batch_tokens):
            for ready, scored in zip(batch, self._score(batch), strict=True):
                for place, part in zip(
                    asked[ready], _shared(scored, len(asked[ready])), strict=True
                ):
                    results[place] = part
        return results

    def _render(self, solution: Solution) -> Rendered | str:
        problem, steps = solution
        if not steps:
            return "there are no steps to score"
        try:
            ready = self.format.render(self.tokens, problem, steps)
        except Exception as error:  # noqa: BLE001  whatever a text does to a tokenizer
            return f"could not be put into tokens: {_line(error)}"
        if self.limit is not None and len(ready.ids) > self.limit:
            return f"{len(ready.ids)} tokens are more than the {self.limit} the reward model takes"
        return ready

    def _score(self, batch: Sequence[Rendered]) -> list[Scored]:
        try:
            return self._forward(batch)
        except Exception as error:  # noqa: BLE001  whatever an input does to a model
            if len(batch) == 1:
                return [Scored(reason=f"the reward model failed: {_line(error)}")]
        return [scored for one in batch for scored in self._score([one])]

    def _forward(self, batch: Sequence[Rendered]) -> list[Scored]:
        began, before = time.perf_counter(), self.decoder.forwarded
        wanted = [sorted(set(one.positions)) for one in batch]
        states = self.decoder.states([one.ids for one in batch], wanted)
        read = [
            dict(zip(at, self.head(state).tolist(), strict=True))
            for at, state in zip(wanted, states, strict=True)
        ]
        parts = split(self.decoder.forwarded - before, [len(one.ids) for one in batch])
        seconds = (time.perf_counter() - began) / len(batch)
        return [
            replace(self._read(one, rows), tokens=part, seconds=seconds)
            for one, rows, part in zip(batch, read, parts, strict=True)
        ]

    def _read(self, one: Rendered, rows: dict[int, list[float]]) -> Scored:
        scores = tuple(self.format.readout(rows[position]) for position in one.positions)
        for number, score in enumerate(scores, 1):
            if not math.isfinite(score):
                return Scored(reason=f"the reward model gave {score} for step {number}")
        return Scored(scores)


def _batches(rendered: list[Rendered], most: int) -> Iterator[list[Rendered]]:
    """Of like length, none above `most` tokens with its padding unless one alone is."""
    batch: list[Rendered] = []
    for one in sorted(rendered, key=lambda ready: (len(ready.ids), ready.ids)):
        if batch and len(one.ids) * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of `total` in proportion to the weights, which add up to it."""
    whole, parts, given, seen = sum(weights), [], 0, 0
    for weight in weights:
        seen += weight
        parts.append(round(total * seen / whole) - given)
        given += parts[-1]
    return parts


def _shared(scored: Scored, among: int) -> list[Scored]:
    """The same result for each of those who asked for it, its cost shared out."""
    return [
        replace(scored, tokens=part, seconds=scored.seconds / among)
        for part in split(scored.tokens, [1] * among)
    ]


def _places(solutions: Sequence[Solution]) -> dict[Solution, list[int]]:
    places: dict[Solution, list[int]] = {}
    for place, solution in enumerate(solutions):
        places.setdefault(solution, []).append(place)
    return places


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
