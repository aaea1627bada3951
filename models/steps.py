"""Steps and choices asked of a model's server, whichever way it takes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from ..errors import ModelError, ModelRefused, ModelRejected, ModelUnavailable
from .attempts import Ask, Reply, gathered, seeded
from .base import Choice, Message, Step, StepFinish, Usage
from .budget import estimate_tokens
from .replies import Unfit, choices_of, clean, first_stop, first_tokens, probabilities
from .servers import Begun, Server

TOPS = (20, 5)
"""How many of the likeliest tokens are asked for, and how many where a server refuses that."""
SPACES = "\n \t\n \n"
"""White space that is some tokens in every vocabulary."""


class Backend(Protocol):
    """What sends requests: a `LiteLLMModel`."""

    name: str
    one_choice: bool

    async def call(self, ask: Ask[Reply], rank: int) -> list[Reply]:
        """Send a request until it is answered."""

    def taken(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The parameters that are given and that the server takes."""

    def usage(
        self, response: Any, messages: list[Message], texts: Sequence[str], seconds: float
    ) -> Usage:
        """What a response cost."""

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """See `Model.price`."""


class Untold(ModelError):
    """The reply came without what ended it. `usage` is what it cost."""

    def __init__(self, usage: Usage) -> None:
        super().__init__("untold: the server does not say what ended the reply")
        self.usage = usage


@dataclass(frozen=True, slots=True)
class Heard:
    """A streamed reply up to where its step ends."""

    text: str
    finish: StepFinish
    usage: Any = None
    """The count of tokens, if the stream was read to its end."""


@dataclass(frozen=True, slots=True)
class Going:
    """A reply that is gone on with: by whom, and how deep in the search."""

    backend: Backend
    server: Server
    begun: Begun
    rank: int

    async def extend(self, sampling: dict[str, Any], n: int) -> list[Step]:
        """See `StepModel.extend`."""
        self.server.check()
        if n > 1 and self.server.takes_n(self.begun) and not self.backend.one_choice:
            return await self._extend({**sampling, "n": n})
        if n == 1:
            return await self._extend(sampling)
        return await gathered([self._extend(one) for one in seeded(sampling, n)])

    async def _extend(self, sampling: dict[str, Any]) -> list[Step]:
        """One request's steps; asked for again as a stream where the server does not tell."""
        if self.server.streams(self.begun):
            return await self.backend.call(self._stream(sampling), self.rank)
        stop = {"stop": list(self.begun.stop)} if self.begun.stop else {}
        try:
            steps = await self._send({**sampling, **stop}, self._read)
        except Untold as untold:
            if self.server.way == "completions":
                raise Unfit(
                    f"no steps: {self.backend.name} does not say what ends its text completions"
                ) from None
            self.server.check()
            [step] = await self.backend.call(self._stream(sampling), self.rank)
            faults = (*untold.faults, *step.faults)
            return [replace(step, usage=untold.usage + step.usage, faults=faults)]
        spent = await self._find_out()
        if self.server.withholds(self.begun):  # so it was another prefix that it went on with
            spent = sum((step.usage for step in steps), spent)
            one = {key: value for key, value in sampling.items() if key != "n"}
            steps = await self.extend(one, len(steps))
        return [replace(steps[0], usage=spent + steps[0].usage), *steps[1:]]

    async def _find_out(self) -> Usage:
        """Find out whether the template drops white space, where that matters and is not known:
        then white space makes no prompt longer. What that cost."""
        if not self.server.may_trim(self.begun):
            return Usage()

        def count(response: Any, seconds: float) -> list[Step]:
            return [Step("", "length", self.backend.usage(response, [], [""], seconds))]

        usages = []
        for prefix in ("a", f"a{SPACES}"):
            sent = self.server.sent(Begun([{"role": "user", "content": "a"}], prefix))
            ask = Ask({**sent, "max_tokens": 1}, count)
            usages += [step.usage for step in await self.backend.call(ask, self.rank)]
        bare, spaced = usages
        self.server.trims = spaced.prompt_tokens <= bare.prompt_tokens
        return bare + spaced

    async def choose(self, choices: Sequence[str]) -> Choice:
        """See `ChoosingModel.choose`."""
        if self.begun.prefix:
            self.server.check()
        if len(self.backend.taken({"logprobs": True, "top_logprobs": 1})) < 2:
            raise Unfit(f"no probabilities: LiteLLM knows of none from {self.backend.name}")

        def read(response: Any, seconds: float) -> list[Choice]:
            first, *_ = choices_of(response)
            self.server.read(response, self.begun)
            usage = self.backend.usage(response, self.begun.whole, [""], seconds)
            return [Choice(probabilities(choices, first_tokens(first)), usage)]

        most, fewer = TOPS
        try:
            [choice] = await self._send(self._one_token(most), read)
        except Unfit:
            raise
        except ModelRejected as error:
            try:
                [choice] = await self._send(self._one_token(fewer), read)
            except ModelRejected:
                raise error from None
        spent = await self._find_out()
        if self.server.withholds(self.begun):
            raise Unfit(
                f"no probabilities: {self.backend.name}'s chat template drops the white space at "
                "the end of the reply's beginning; give template= for text completions"
            )
        return replace(choice, usage=spent + choice.usage)

    def _one_token(self, tops: int) -> dict[str, Any]:
        sampling = self.backend.taken({"temperature": 0.0, "max_tokens": 1})
        if self.server.way == "completions":
            return {**sampling, "logprobs": tops}
        return {**sampling, "logprobs": True, "top_logprobs": tops}

    async def _send(
        self, more: dict[str, Any], read: Callable[[Any, float], list[Reply]]
    ) -> list[Reply]:
        """The answer to a request; to one without the fields that OpenAI's API does not have, if a
        server of which nothing is known refuses it with them."""
        server = self.server
        request = {**server.sent(self.begun), **more}
        try:
            return await self.backend.call(Ask(request, read), self.rank)
        except Unfit:
            raise
        except ModelRejected:
            if server.kind is not None or "extra_body" not in request:
                raise
        server.open = False
        try:
            bare = {**server.sent(self.begun), **more}
            return await self.backend.call(Ask(bare, read), self.rank)
        except ModelRejected:
            server.open = True  # they were not what it refused
            raise

    def _read(self, response: Any, seconds: float) -> list[Step]:
        read = self.server.read(response, self.begun)
        texts = [text for text, _ in read]
        usage = self.backend.usage(response, self.begun.whole, texts, seconds)
        # The whole cost is on the first of several choices, so that adding them up is right.
        steps = [
            Step(text, finish, usage if i == 0 else Usage(cost=0.0))
            for i, (text, finish) in enumerate(read)
            if finish is not None
        ]
        if len(steps) < len(read):
            raise Untold(usage)
        return steps

    def _stream(self, sampling: dict[str, Any]) -> Ask[Step]:
        counted = self.backend.taken({"stream_options": {"include_usage": True}})
        request = {**self.server.sent(self.begun), **sampling, **counted, "stream": True}
        skips = self.server.withholds(self.begun)
        return Ask(request, self._heard, partial(listen, stop=self.begun.stop, skip_space=skips))

    def _heard(self, heard: Heard, seconds: float) -> list[Step]:
        sent = sum(len(message["content"]) for message in self.begun.whole)
        prompt = getattr(heard.usage, "prompt_tokens", None) or estimate_tokens(sent)
        said = getattr(heard.usage, "completion_tokens", None) or estimate_tokens(len(heard.text))
        usage = Usage(1, prompt, said, self.backend.price(prompt, said), seconds)
        return [Step(heard.text, heard.finish, usage)]


async def listen(stream: Any, stop: Sequence[str], *, skip_space: bool = False) -> Heard:
    """Read LiteLLM's stream up to the first stop string, and close it there. `skip_space` drops the
    white space before anything else.

    Raises:
        ModelUnavailable: the stream ended before the reply did.
        ModelRefused: a filter ended it.
    """
    text, finish, usage = "", None, None
    longest = max(map(len, stop), default=0)
    try:
        async for chunk in stream:
            usage = getattr(chunk, "usage", None) or usage
            for choice in chunk.choices[:1]:
                start = max(0, len(text) - longest + 1)
                text += choice.delta.content or ""
                text = text.lstrip() if skip_space else text
                at = first_stop(text, stop, start)
                if at is not None:
                    return Heard(clean(text[:at]), "step")
                finish = choice.finish_reason or finish
    finally:
        await stream.aclose()
    # LiteLLM says "stop" at the end of a stream that the server never finished.
    if stream.received_finish_reason is None:
        raise ModelUnavailable("connection lost: the stream ended before the reply did")
    if finish == "content_filter":
        raise ModelRefused("refused: by the content filter")
    return Heard(clean(text), "length" if finish == "length" else "answer", usage)
