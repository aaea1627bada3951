"""Any model that LiteLLM reaches. The only file that imports it, and only when a call is near.

LiteLLM is asked for one attempt at a time; retries, concurrency, caching and budgets are ours (its
retries multiply, its Router refuses instead of queueing, its cache knows no sample index, and its
budget was not enforced when run: 1.106).
"""

import asyncio
import difflib
import json
import os
import random
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..errors import (
    InputError,
    MissingError,
    ModelError,
    ModelRefused,
    ModelRejected,
    ModelTimeout,
    ModelUnavailable,
)
from .base import Completion, Message, Usage
from .budget import estimate_tokens
from .slots import slots

LONGEST_WAIT = 60.0
"""Seconds between two attempts at most, whatever a server asks for."""
FIRST_WAIT = 1.0
SCHEMA_PROVIDERS = ("hosted_vllm",)
"""Providers whose servers constrain replies to a JSON schema though LiteLLM does not know it."""
KEYLESS = ("hosted_vllm", "ollama", "ollama_chat", "lm_studio", "llamafile", "xinference")
"""Providers that need no key: the user's own servers."""


@cache
def _litellm() -> Any:
    """LiteLLM, imported (3 s) and quietened once."""
    # Without this the import fetches a price list, and complains where there is no network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm as module

    litellm: Any = module  # the names set here are not all declared
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.cache = None
    return litellm


async def disconnect() -> None:
    """Close the connections that LiteLLM keeps open for this event loop, before it ends. Others,
    and processes that end, need not."""
    if _litellm.cache_info().currsize:
        litellm = _litellm()
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()


@dataclass
class LiteLLMModel:
    """A model by its LiteLLM name, such as "anthropic/claude-sonnet-4-5" or "ollama/qwen2.5:7b"."""

    name: str
    api_base: str | None = None
    """Where it is served, if not at the provider's own address."""
    api_key: str | None = None
    """In place of the provider's environment variable."""
    timeout: float = 600.0
    """Seconds for one attempt, counted from when it gets its slot."""
    concurrency: int = 64
    """Calls in flight at most, over all runs of this process that use the same backend."""
    attempts: int = 8
    """Tries per call on rate limits, server errors, timeouts and lost connections."""
    served_as: str | None = None
    """The name to ask LiteLLM for, where that is not `name`."""
    free: bool = False
    """Whether calls cost nothing, whatever the price list says."""
    one_choice: bool = False
    """Ask for one choice a request even where the server takes `n`."""
    deep_first: bool = False
    """Whether calls that wait are served by how deep in the search they are, rather than as they
    came. Where few run at once, finished programs come much earlier so."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further arguments for `litellm.acompletion`, such as `extra_body`."""

    async def ready(self) -> None:
        """Check all that can be known before the first call.

        Raises:
            InputError: LiteLLM knows no such provider.
            MissingError: the provider's key is not in the environment.
        """
        litellm = await asyncio.to_thread(_litellm)
        provider = self._provider()
        if self.api_key or self.api_base or provider in KEYLESS:
            return
        missing = litellm.validate_environment(self._asked)["missing_keys"]
        if missing:
            raise MissingError(
                f"model {self.name}: set {' and '.join(missing)} in the environment, "
                "or give --api-base for a server of your own"
            )

    @property
    def supports_schema(self) -> bool:
        """See `Model.supports_schema`."""
        return _takes_schema(self._asked, self._provider())

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """See `Model.price`."""
        if self.free:
            return 0.0
        try:
            prompt, completion = _litellm().cost_per_token(
                model=self._asked,
                prompt_tokens=prompt_tokens,
                completion_tokens=completion_tokens,
            )
        except Exception:  # noqa: BLE001  LiteLLM raises anything at all for an unknown price
            return None
        return float(prompt + completion)

    async def chat(
        self,
        messages: list[Message],
        *,
        path: str,
        n: int = 1,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int = 4096,
        stop: list[str] | None = None,
        seed: int | None = None,
        schema: dict[str, Any] | None = None,
    ) -> list[Completion]:
        """See `Model.chat`. Where the provider takes no `n`, that many requests are sent at once;
        if some of them fail for good, the others' replies are what is returned."""
        await asyncio.to_thread(_litellm) if _litellm.cache_info().currsize == 0 else None
        asked = {
            "temperature": temperature,
            "top_p": top_p,
            "max_tokens": max_tokens,
            "stop": stop,
            "seed": seed,
            "n": n if n > 1 else None,
            "response_format": schema and _response_format(schema),
        }
        supported = self._supported()
        request = {
            key: value for key, value in asked.items() if value is not None and key in supported
        }
        if "temperature" in request and "claude" in self._asked:
            request.pop("top_p", None)  # Anthropic's newer models refuse to be given both
        rank = -path.count("/") if self.deep_first else 0
        if n == 1 or "n" in request:
            return await self._with_retries(messages, request, rank)
        return await self._fanned_out(messages, request, n, rank)

    async def _fanned_out(
        self, messages: list[Message], request: dict[str, Any], n: int, rank: int
    ) -> list[Completion]:
        """`n` requests with one choice each, every one with a seed of its own."""
        seeds = [request["seed"] + i for i in range(n)] if "seed" in request else [None] * n
        each = [request if seed is None else {**request, "seed": seed} for seed in seeds]
        calls = (self._with_retries(messages, one, rank) for one in each)
        got = await asyncio.gather(*calls, return_exceptions=True)
        replies = [reply for part in got if isinstance(part, list) for reply in part]
        for failed in got:
            if isinstance(failed, BaseException) and not (
                replies and isinstance(failed, ModelError)
            ):
                raise failed
        return replies

    async def _with_retries(
        self, messages: list[Message], request: dict[str, Any], rank: int
    ) -> list[Completion]:
        faults: list[str] = []
        for attempt in range(self.attempts):
            try:
                replies = await self._once(messages, request, rank)
            except ModelError as error:
                error.faults = tuple(faults)
                if not isinstance(error, ModelUnavailable) or attempt + 1 == self.attempts:
                    raise
                faults.append(str(error))
                await asyncio.sleep(_wait(attempt, error.retry_after))
            else:
                break
        first = replies[0]
        return [
            Completion(first.text, first.finish, first.usage, tuple(faults)),
            *replies[1:],
        ]

    async def _once(
        self, messages: list[Message], request: dict[str, Any], rank: int
    ) -> list[Completion]:
        """One attempt, in one slot."""
        async with slots(f"{self._asked} {self.api_base}", self.concurrency).hold(rank):
            started = time.monotonic()
            try:
                async with asyncio.timeout(self.timeout):
                    response = await _litellm().acompletion(
                        model=self._asked,
                        messages=messages,
                        api_base=self.api_base,
                        api_key=self.api_key,
                        timeout=self.timeout,
                        num_retries=0,
                        max_retries=0,
                        drop_params=True,  # some reasoning models take one temperature alone
                        **request,
                        **self.extra,
                    )
            except TimeoutError:
                raise ModelTimeout(f"timeout: no reply within {self.timeout:g} s") from None
            except Exception as error:
                raise _as_model_error(error, self.timeout) from error
            seconds = time.monotonic() - started
        return self._read(response, messages, seconds)

    def _read(self, response: Any, messages: list[Message], seconds: float) -> list[Completion]:
        texts = [_text_of(choice) for choice in response.choices or []]
        if not texts:
            raise ModelUnavailable("empty reply: the server sent no choices")
        usage = self._usage(response, messages, [text for text, _ in texts], seconds)
        # The whole cost is on the first of several choices, so that adding them up is right.
        return [
            Completion(text, finish, usage if i == 0 else Usage(cost=0.0))
            for i, (text, finish) in enumerate(texts)
        ]

    def _usage(
        self, response: Any, messages: list[Message], texts: list[str], seconds: float
    ) -> Usage:
        reported = getattr(response, "usage", None)
        prompt = getattr(reported, "prompt_tokens", None) or estimate_tokens(
            sum(len(message["content"]) for message in messages)
        )
        completion = getattr(reported, "completion_tokens", None) or sum(
            estimate_tokens(len(text)) for text in texts
        )
        cost = 0.0 if self.free else response._hidden_params.get("response_cost")
        return Usage(1, prompt, completion, cost, seconds)

    @property
    def _asked(self) -> str:
        return self.served_as or self.name

    def _supported(self) -> frozenset[str]:
        parameters = _supported(self._asked, self._provider())
        return parameters - {"n"} if self.one_choice else parameters

    def _provider(self) -> str:
        provider = _provider(self._asked)
        if provider is None:
            raise InputError(_unknown(self.name, _litellm()))
        return provider


# What LiteLLM knows of a model does not change, and looking it up for every call would cost more
# than the call.


@cache
def _provider(model: str) -> str | None:
    try:
        return str(_litellm().get_llm_provider(model)[1])
    except Exception:  # noqa: BLE001  it raises ten lines for a name it does not know
        return None


@cache
def _takes_schema(model: str, provider: str) -> bool:
    return provider in SCHEMA_PROVIDERS or bool(
        _litellm().supports_response_schema(model=model, custom_llm_provider=provider)
    )


@cache
def _supported(model: str, provider: str) -> frozenset[str]:
    parameters = _litellm().get_supported_openai_params(model=model, custom_llm_provider=provider)
    # A server that LiteLLM knows nothing of is sent everything.
    everything = ("temperature", "top_p", "max_tokens", "stop", "seed", "response_format")
    return frozenset(parameters or everything)


def _unknown(name: str, litellm: Any) -> str:
    provider, slash, _ = name.partition("/")
    providers = [str(getattr(known, "value", known)) for known in litellm.provider_list]
    known = [*providers, "embedded"] if slash else list(litellm.model_cost)
    close = difflib.get_close_matches(provider, known, n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    return (
        f"model {name!r}: name it provider/model, as in anthropic/…, hosted_vllm/…, ollama/…, "
        f"embedded/qwen2.5-coder-1.5b{hint}"
    )


def _response_format(schema: dict[str, Any]) -> dict[str, Any]:
    described = {"name": "reply", "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": described}


def _text_of(choice: Any) -> tuple[str, Any]:
    """A choice's text and why it ended.

    Raises:
        ModelRefused: the model declined, or a filter did.
        ModelUnavailable: there is no text, for no reason given.
    """
    message = choice.message
    # LiteLLM keeps what is OpenAI's own beside the message's fields.
    refusal = (getattr(message, "provider_specific_fields", None) or {}).get("refusal")
    if refusal or choice.finish_reason == "content_filter":
        raise ModelRefused(f"refused: {_one_line(refusal or 'by the content filter')}")
    finish = "length" if choice.finish_reason == "length" else "stop"
    if not message.content and finish == "stop":
        raise ModelUnavailable("empty reply: the server sent no text")
    # Half of a surrogate pair cannot be sent on in a later prompt by every client.
    return (message.content or "").encode("utf-8", "replace").decode(), finish


def _wait(attempt: int, asked: float | None) -> float:
    """Seconds until the next attempt: what the server asked for, else exponential backoff with full
    jitter, so that callers who failed together do not come back together."""
    longest = asked if asked is not None else random.random() * FIRST_WAIT * 2**attempt
    return min(longest, LONGEST_WAIT)


def _as_model_error(error: Exception, timeout: float) -> Exception:
    """What LiteLLM raised, in our terms: its kind before the colon, in one line."""
    litellm = _litellm()
    status = getattr(error, "status_code", None)
    line = _one_line(str(error))
    if isinstance(error, litellm.Timeout) or status == 408:
        return ModelTimeout(f"timeout: no reply within {timeout:g} s")
    if isinstance(error, litellm.ContentPolicyViolationError):
        return ModelRefused(f"refused: {line}")
    if status == 429:
        return ModelUnavailable(f"429: {line}", retry_after=_retry_after(error))
    # LiteLLM gives these two whatever status it likes; what it caught tells them apart.
    causes = _causes(error)
    if any(isinstance(cause, json.JSONDecodeError) for cause in causes):
        return ModelUnavailable(f"not JSON: {line}")
    lost = (litellm.APIConnectionError, litellm.httpx.TransportError)
    if any(isinstance(cause, lost) for cause in causes):
        return ModelUnavailable(f"connection lost: {line}")
    if isinstance(status, int) and 400 <= status < 500:
        return ModelRejected(f"{status}: {line}")
    return ModelUnavailable(
        f"{status or type(error).__name__}: {line}", retry_after=_retry_after(error)
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and what led to it, back to the first."""
    causes: list[BaseException] = []
    while error is not None:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes


def _retry_after(error: Exception) -> float | None:
    headers = getattr(error, "litellm_response_headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:199]}…"
