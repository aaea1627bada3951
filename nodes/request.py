"""What a model is asked, and how a call ends that has no usable reply."""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..models.base import Message, Model, StepModel, Usage
from ..models.budget import Promise
from .sampling import Sampling
from .thought import plain


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call had no usable reply."""

    reason: str
    """One line, its kind before the first colon: "truncated: …", "429: …", "refused: …"."""
    stopped: bool = False
    """Whether it was never asked (or not to its end), since the search had stopped."""
    faults: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    again: bool = False
    """Whether another sample of the same might do: the model refused, or ran on without an end."""


class CallEnded(Exception):
    """Carries an `Ending` from a call to the node that made it."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that is asked, and where in the search."""

    path: str
    model: Model
    messages: list[Message]
    sampling: Sampling
    schema: dict[str, Any] | None
    seed: int
    prefix: str | None = None
    """What the reply begins with, where one step of it is asked for; None for a whole reply."""
    promise: Promise | None = None
    """What has to follow it, for it to be worth making."""
    once: bool = False
    """Whether its first outcome stands: a reply that is cut off or refused is what came of it, and
    is not asked for again when the run is."""

    def as_json(self) -> dict[str, Any]:
        """What the reply depends on, besides the model's name and the path."""
        asked = {
            "messages": self.messages,
            "schema": self.schema,
            "seed": self.seed,
            **plain(self.sampling),
        }
        return asked if self.prefix is None else {**asked, "prefix": self.prefix}

    def send(self, max_tokens: int, n: int = 1) -> Coroutine[Any, Any, list[Any]]:
        """The call itself, for `n` replies of at most so many tokens."""
        sampling = self.sampling
        if self.prefix is None:
            return self.model.chat(
                self.messages,
                path=self.path,
                n=n,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                max_tokens=max_tokens,
                stop=list(sampling.stop) or None,
                seed=self.seed,
                schema=self.schema,
            )
        assert isinstance(self.model, StepModel)
        return self.model.extend(
            self.messages,
            self.prefix,
            path=self.path,
            n=n,
            stop=sampling.stop,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=max_tokens,
            seed=self.seed,
        )

    @property
    def length(self) -> int:
        """Characters of the prompt."""
        return sum(len(message["content"]) for message in self.messages) + len(self.prefix or "")


def neighbours(requests: Sequence[Request]) -> list[list[Request]]:
    """In groups whose seeds follow one another, as those of one call's replies do."""
    groups: list[list[Request]] = []
    for one in requests:
        if groups and groups[-1][-1].seed + 1 == one.seed:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups
