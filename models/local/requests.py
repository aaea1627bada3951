"""What the generator is asked for, and what it gives."""

import random
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import torch

from .sampling import Sampling
from .text import Text

Ending = Literal["stop", "end", "length"]
CONTEXT = 8
"""Tokens before a reply that its decoding looks back at."""


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt to go on with."""

    ids: tuple[int, ...]
    """The prompt's tokens, at least one."""
    max_tokens: int
    sampling: Sampling
    seed: int
    stop: tuple[str, ...] = ()
    context: tuple[int, ...] | None = None
    """What its decoding looks back at, where that is not the prompt's last tokens."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was said."""

    text: str
    """Without the stop string or the end token."""
    ended: Ending
    """By a stop string, by an end token, or by `max_tokens`."""
    ids: tuple[int, ...]
    """All tokens that were drawn, those of the stop string and the end token too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text whose last hidden states are wanted."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    future: "Future[torch.Tensor]" = field(default_factory=Future)


@dataclass(eq=False)
class Live:
    """A request on its way."""

    request: Request
    text: Text
    ids: list[int]
    """The prompt and what was drawn so far."""
    random: random.Random
    number: int = field(default_factory=count().__next__)
    """In the order they came."""
    future: "Future[Reply]" = field(default_factory=Future)

    @classmethod
    def begin(cls, request: Request, tokenizer: Any) -> "Live":
        """With nothing drawn yet."""
        context = request.ids if request.context is None else request.context
        text = Text(tokenizer, context[-CONTEXT:], request.stop)
        return cls(request, text, list(request.ids), random.Random(request.seed))

    @property
    def left(self) -> int:
        """Tokens it may still draw."""
        return self.request.max_tokens - (len(self.ids) - len(self.request.ids))

    def take(self, id: int, ends: AbstractSet[int]) -> Reply | None:
        """One more token; the reply if it is over."""
        self.ids.append(id)
        if id not in ends:
            self.text.push(id)
            if not self.text.stopped and self.left > 0:
                return None
        if not self.text.stopped:
            self.text.end()
        ended: Ending = "end" if id in ends else "length"
        drawn = tuple(self.ids[len(self.request.ids) :])
        return Reply(self.text.text, "stop" if self.text.stopped else ended, drawn)
