"""A model that says what it is told to: for tests, examples and benchmarks of real loops."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from .base import Choice, Completion, Message, Step, Usage
from .budget import estimate_tokens
from .replies import first_stop, probabilities, with_prefix

Reply = str | Completion | Choice | Exception
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

    The script returns text, a whole `Completion`, or an exception to raise (or raises it). Where a
    reply has been begun, its beginning is the last message, the assistant's, and what the script
    returns goes on from there.
    """

    script: Script
    name: str = "scripted"
    supports_schema: bool = False
    latency: Callable[[str], float] | None = None
    """Seconds to wait for the reply to the call of that path."""
    usd_per_token: float | None = 0.0
    several: bool = False
    """Whether it gives several steps for one request."""
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
        await self._think(path)
        return [self._say(messages, path, parameters) for _ in range(n)]

    async def extend(
        self,
        messages: list[Message],
        prefix: str,
        *,
        path: str,
        stop: Sequence[str],
        n: int = 1,
        **parameters: Any,
    ) -> list[Step]:
        """See `StepModel.extend`. The first separator in what the script returns ends the step."""
        await self._think(path)
        whole, asked = with_prefix(messages, prefix), {**parameters, "stop": stop}
        return [_step(self._say(whole, path, asked), stop) for _ in range(n)]

    def takes_n(self, prefix: str) -> bool | None:
        """See `Several.takes_n`."""
        return self.several

    async def choose(
        self, messages: list[Message], choices: Sequence[str], *, path: str, prefix: str = ""
    ) -> Choice:
        """See `ChoosingModel.choose`. The script returns a `Choice`, or what it is certain of."""
        await self._think(path)
        whole = with_prefix(messages, prefix)
        said = self._ask(whole, path)
        usage = self._usage(whole, "")
        if isinstance(said, str | Completion):
            text = said if isinstance(said, str) else said.text
            certain = [(choice, 0.0) for choice in choices if text.startswith(choice)]
            said = Choice(probabilities(choices, certain or [(text, 0.0)]), usage)
        self.calls.append(Call(path, whole, {"choices": choices}, str(dict(said.probabilities))))
        return said

    async def _think(self, path: str) -> None:
        if self.latency is not None:
            await asyncio.sleep(self.latency(path))

    def _ask(self, messages: list[Message], path: str) -> str | Completion | Choice:
        said = self.script(messages, path, self._asked[path])
        self._asked[path] += 1
        if isinstance(said, Exception):
            raise said
        return said

    def _say(self, messages: list[Message], path: str, parameters: dict[str, Any]) -> Completion:
        said = self._ask(messages, path)
        if isinstance(said, Choice):
            raise InputError(f"scripted model: a choice is no reply to the call of {path}")
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


def _step(said: Completion, stop: Sequence[str]) -> Step:
    at = first_stop(said.text, stop)
    if at is not None:
        return Step(said.text[:at], "step", said.usage, said.faults)
    return Step(
        said.text, "length" if said.finish == "length" else "answer", said.usage, said.faults
    )
