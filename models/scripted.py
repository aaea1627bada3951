"""A model that says what it is told to: for tests, examples and benchmarks of real loops."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .base import Completion, Message, Usage
from .budget import estimate_tokens

Reply = str | Completion | Exception
Script = Callable[[list[Message], str, int], Reply]


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, and what was said."""

    path: str
    messages: list[Message]
    parameters: dict[str, Any]
    reply: str


@dataclass
class ScriptedModel:
    """Answers by `script(messages, path, index)`, where `index` counts the calls of that path.

    The script returns text, a whole `Completion`, or an exception to raise (or raises it).
    """

    script: Script
    name: str = "scripted"
    supports_schema: bool = False
    latency: Callable[[str], float] | None = None
    """Seconds to wait for the reply to the call of that path."""
    usd_per_token: float | None = 0.0
    calls: list[Call] = field(default_factory=list)
    """Every call that was answered, in the order of their answers."""
    _asked: Counter[str] = field(default_factory=Counter, repr=False)

    @property
    def paths(self) -> list[str]:
        """The paths of the calls."""
        return [call.path for call in self.calls]

    async def ready(self) -> None:
        """See `Model.ready`."""

    async def chat(
        self, messages: list[Message], *, path: str, n: int = 1, **parameters: Any
    ) -> list[Completion]:
        """See `Model.chat`."""
        if self.latency is not None:
            await asyncio.sleep(self.latency(path))
        return [self._say(messages, path, parameters) for _ in range(n)]

    def _say(self, messages: list[Message], path: str, parameters: dict[str, Any]) -> Completion:
        said = self.script(messages, path, self._asked[path])
        self._asked[path] += 1
        if isinstance(said, Exception):
            raise said
        if isinstance(said, str):
            said = Completion(said, usage=self._usage(messages, said))
        self.calls.append(Call(path, list(messages), parameters, said.text))
        return said

    def _usage(self, messages: list[Message], said: str) -> Usage:
        prompt = estimate_tokens(sum(len(message["content"]) for message in messages))
        completion = estimate_tokens(len(said))
        return Usage(1, prompt, completion, self.price(prompt, completion), 0.0)

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """See `Model.price`."""
        if self.usd_per_token is None:
            return None
        return self.usd_per_token * (prompt_tokens + completion_tokens)
