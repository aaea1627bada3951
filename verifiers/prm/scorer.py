"""Many solutions scored together: each distinct one once, and no prefix of one twice."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from .format import Format, Rendered
from .tokens import Tokens

if TYPE_CHECKING:
    from torch import Tensor

Solution = tuple[str, tuple[str, ...]]
"""A problem, and the steps of a solution of it."""
Head = Callable[["Tensor"], "Tensor"]
"""States (n, hidden) to numbers (n, outputs)."""


class Counted(Protocol):
    """What a decoder counts."""

    @property
    def forwarded(self) -> int:
        """How many tokens have gone through the model, ever."""


class Reader(Protocol):
    """What is asked of a `models.local.Decoder`."""

    @property
    def counters(self) -> Counted:
        """What it has done so far."""

    def states(
        self, sequences: Sequence[Sequence[int]], positions: Sequence[Sequence[int]]
    ) -> "list[Tensor]":
        """For each sequence of token ids its last states (len(positions), hidden). It makes the
        batches, and forwards nothing that it has forwarded before."""


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
    decoder: Reader
    head: Head
    limit: int | None = None
    """How many tokens the model takes; what is longer is not scored, and never cut."""

    def __call__(self, solutions: Sequence[Solution]) -> list[Scored]:
        """What came of each, in order. A solution that fails costs no other its scores."""
        began, before = time.perf_counter(), self.decoder.counters.forwarded
        results = [Scored()] * len(solutions)
        asked: dict[Rendered, list[int]] = {}
        for solution, where in places(solutions).items():
            ready = self._render(solution)
            if isinstance(ready, Rendered):
                asked.setdefault(ready, []).extend(where)
            else:
                for place in where:
                    results[place] = Scored(reason=ready)
        found = self._score(list(asked))
        parts = split(self.decoder.counters.forwarded - before, [len(one.ids) for one in asked])
        seconds = (time.perf_counter() - began) / max(1, len(asked))
        for where, one, part in zip(asked.values(), found, parts, strict=True):
            cost = replace(one, tokens=part, seconds=seconds)
            for place, share in zip(where, shared(cost, len(where)), strict=True):
                results[place] = share
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
        """If they fail together, each half is tried by itself, down to those that fail alone. What
        the decoder got through is not forwarded again."""
        if not batch:
            return []
        try:
            return self._forward(batch)
        except Exception as error:  # noqa: BLE001  whatever an input does to a model
            if len(batch) == 1:
                return [Scored(reason=f"the reward model failed: {_line(error)}")]
        half = len(batch) // 2
        return self._score(batch[:half]) + self._score(batch[half:])

    def _forward(self, batch: Sequence[Rendered]) -> list[Scored]:
        states = self.decoder.states([one.ids for one in batch], [one.positions for one in batch])
        return [self._read(self.head(state).tolist()) for state in states]

    def _read(self, rows: list[list[float]]) -> Scored:
        scores = tuple(map(self.format.readout, rows))
        for number, score in enumerate(scores, 1):
            if not math.isfinite(score):
                return Scored(reason=f"the reward model gave {score} for step {number}")
        return Scored(scores)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts of `total` in proportion to the weights, which add up to it."""
    whole, parts, given, seen = sum(weights), [], 0, 0
    for weight in weights:
        seen += weight
        parts.append(round(total * seen / whole) - given)
        given += parts[-1]
    return parts


def shared(scored: Scored, among: int) -> list[Scored]:
    """The same result for each of those who asked for it, its cost shared out."""
    return [
        replace(scored, tokens=part, seconds=scored.seconds / among)
        for part in split(scored.tokens, [1] * among)
    ]


def places(solutions: Sequence[Solution]) -> dict[Solution, list[int]]:
    """Each distinct solution, and where it is asked for."""
    found: dict[Solution, list[int]] = {}
    for place, solution in enumerate(solutions):
        found.setdefault(solution, []).append(place)
    return found


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
