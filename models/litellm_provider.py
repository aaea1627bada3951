"""Our models in this process for those who use LiteLLM: `litellm.acompletion("transformers/…")`.

Once `register()` was called. LiteLLM's proxy, or a library on top of LiteLLM, then reaches them as
it reaches any provider. A stream gives the reply in one piece.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..errors import InputError, MissingError, ModelRejected, PonderError
from .base import Completion, Usage
from .litellm_model import _litellm
from .transformers_model import TransformersModel

PROVIDER = "transformers"
TAKEN = {"n", "temperature", "top_p", "stop", "seed", "max_tokens", "max_completion_tokens"}
IGNORED = {"stream", "stream_options", "user", "metadata", "max_retries", "extra_headers"}
"""What does not change a reply."""


def register(**options: Any) -> None:
    """Make LiteLLM know the provider "transformers" in this process. `options` are the fields of
    `TransformersModel`, for every model that is named so. A second call replaces the options."""
    litellm = _litellm()
    handler = _handler(litellm)(options)
    others = [entry for entry in litellm.custom_provider_map if entry["provider"] != PROVIDER]
    litellm.custom_provider_map = [*others, {"provider": PROVIDER, "custom_handler": handler}]


class Answers:
    """What LiteLLM asks of a provider, in our terms. Models are made when they are first named."""

    def __init__(self, litellm: Any, options: dict[str, Any]) -> None:
        self._litellm, self._options = litellm, options
        self._models: dict[str, TransformersModel] = {}

    async def reply(self, model: str, messages: Any, given: dict[str, Any]) -> list[Completion]:
        """The replies; what fails raises LiteLLM's own kinds of error."""
        try:
            if model not in self._models:
                self._models[model] = TransformersModel(f"{PROVIDER}/{model}", **self._options)
            asked = self._asked(given)
            return await self._models[model].chat(messages, path="litellm", **asked)
        except PonderError as error:
            raise self._theirs(error, model) from error

    def _asked(self, given: dict[str, Any]) -> dict[str, Any]:
        asked = {key: value for key, value in given.items() if key in TAKEN and value is not None}
        limit = asked.pop("max_completion_tokens", None)
        if limit is not None:
            asked["max_tokens"] = limit
        if isinstance(asked.get("stop"), str):
            asked["stop"] = [asked["stop"]]
        plain = given.get("response_format") in (None, {"type": "text"})
        left = {key for key, value in given.items() if value} - TAKEN - IGNORED
        unknown = sorted(left - ({"response_format"} if plain else set()))
        if unknown and not self._litellm.drop_params:
            raise ModelRejected(f"{PROVIDER} models take no {' or '.join(unknown)}")
        return asked

    def _theirs(self, error: PonderError, model: str) -> Exception:
        kind = self._litellm.ServiceUnavailableError
        if isinstance(error, InputError | MissingError | ModelRejected):
            kind = self._litellm.BadRequestError
        found: Exception = kind(message=str(error), model=model, llm_provider=PROVIDER)
        return found

    def response(self, empty: Any, model: str, replies: list[Completion]) -> Any:
        """LiteLLM's response object, filled in."""
        litellm = self._litellm
        empty.model = f"{PROVIDER}/{model}"
        empty.choices = [
            litellm.Choices(
                index=i,
                finish_reason=reply.finish,
                message=litellm.Message(role="assistant", content=reply.text),
            )
            for i, reply in enumerate(replies)
        ]
        usage = sum((reply.usage for reply in replies), Usage())
        empty.usage = litellm.Usage(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            total_tokens=usage.tokens,
        )
        return empty


def _handler(litellm: Any) -> Any:
    """The class that LiteLLM wants; made here since its base is only there once it is imported."""

    class Handler(litellm.CustomLLM):  # type: ignore[misc]
        """Calls that LiteLLM hands on, each by name: it passes a dozen arguments to every one."""

        def __init__(self, options: dict[str, Any]) -> None:
            super().__init__()
            self.answers = Answers(litellm, options)

        async def acompletion(self, **call: Any) -> Any:
            replies = await self.answers.reply(
                call["model"], call["messages"], call["optional_params"]
            )
            return self.answers.response(call["model_response"], call["model"], replies)

        def completion(self, **call: Any) -> Any:
            return _apart(self.acompletion(**call))

        async def astreaming(self, **call: Any) -> AsyncIterator[dict[str, Any]]:
            response = await self.acompletion(**call)
            for chunk in _chunks(response):
                yield chunk

        def streaming(self, **call: Any) -> Iterator[dict[str, Any]]:
            yield from _chunks(self.completion(**call))

    return Handler


def _apart(work: Coroutine[Any, Any, Any]) -> Any:
    """The result, from an event loop in a thread of its own: the caller's may be running one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def _chunks(response: Any) -> Iterator[dict[str, Any]]:
    for choice in response.choices:
        yield {
            "text": choice.message.content,
            "finish_reason": choice.finish_reason,
            "index": choice.index,
            "is_finished": True,
            "tool_use": None,
            "usage": dict(response.usage),
        }
