"""Any model that LiteLLM reaches. The only file that imports it, and only when a call is near.

LiteLLM is asked for one attempt at a time; retries, concurrency, caching and budgets are ours (its
retries multiply, its Router refuses instead of queueing, its cache knows no sample index, and its
budget was not enforced when run: 1.106).
"""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from ..errors import InputError, MissingError, ModelError, ModelTimeout
from . import callbacks, origin, templates
from .attempts import Ask, Reply, gathered, seeded, with_retries
from .base import Choice, Completion, Message, Step, Usage
from .faults import as_model_error, unknown_model
from .replies import Unfit, choices_of, reply_of, usage_of
from .servers import Begun, Server, Way
from .slots import slots
from .steps import Going

SCHEMA_PROVIDERS = ("hosted_vllm",)
"""Providers whose servers constrain replies to a JSON schema though LiteLLM does not know it."""
KEYLESS = ("hosted_vllm", "ollama", "ollama_chat", "lm_studio", "llamafile", "xinference")
"""Providers that need no key: the user's own servers."""
OPEN = ("hosted_vllm", "custom_openai", "lm_studio", "llamafile", "litellm_proxy")
"""Providers that are sent fields which OpenAI's API does not have, as "openai" is where it is not
OpenAI's own."""
TEXTS = ("hosted_vllm", "llamafile", "openai")
"""Those of them whose text completions LiteLLM does not make into chats."""


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
    callbacks.add_from_environment(litellm)
    return litellm


async def disconnect() -> None:
    """Wait for LiteLLM's callbacks, and close the connections that it keeps open for this event
    loop, before it ends. Others, and processes that end, need not."""
    if _litellm.cache_info().currsize:
        litellm = _litellm()
        await callbacks.flush(litellm)
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()
        vars(litellm).pop("module_level_aclient", None)  # one of those; made anew when needed


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
    steps: Way | None = None
    """How it goes on with a reply: from an assistant's message ("prefill"), or from a text in
    `template` ("completions"). None is prefill where its server shows that it does so."""
    template: str | None = None
    """The chat template for text completions: its text, or a tokenizer's folder or hub id."""
    _known: Server | None = field(default=None, init=False, repr=False, compare=False)

    async def ready(self) -> None:
        """Check all that can be known before the first call.

        Raises:
            InputError: LiteLLM knows no such provider or callback, or `steps` and `template` are of
                no use.
            MissingError: the provider's key is not in the environment, or what a callback needs.
        """
        litellm = await asyncio.to_thread(_litellm)
        callbacks.check(litellm)  # on the event loop, where some start to send what they gather
        provider = self._provider()
        if self.steps or self.template:
            await self._server()
        if self.api_key or self.api_base or provider in KEYLESS:
            return
        missing = litellm.validate_environment(self._asked)["missing_keys"]
        if missing:
            raise MissingError(
                f"model {self.name}: set {' and '.join(missing)} in the environment, "
                "or give --api-base for a server of your own"
            )

    @property
    def most_in_flight(self) -> int:
        """See `Bounded.most_in_flight`."""
        return self.concurrency

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
        await self._loaded()
        asked = {
            "temperature": temperature,
            "top_p": top_p,
            "max_tokens": max_tokens,
            "stop": stop,
            "seed": seed,
            "n": n if n > 1 else None,
            "response_format": schema and _response_format(schema),
        }
        request = {"messages": messages, **self.taken(asked)}
        read = partial(self._read, messages)
        rank = self._rank(path)
        with origin.calls_at(path):
            if n == 1 or "n" in request:
                return await self.call(Ask(request, read), rank)
            each = [Ask(one, read) for one in seeded(request, n)]
            return await gathered([self.call(one, rank) for one in each])

    async def ready_to_extend(self) -> None:
        """See `StepPreparable.ready_to_extend`."""
        try:
            (await self._server()).check()
        except Unfit as error:
            raise InputError(f"model {self.name}: {error}") from None

    async def extend(
        self,
        messages: list[Message],
        prefix: str,
        *,
        path: str,
        stop: Sequence[str],
        n: int = 1,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int = 2048,
        seed: int | None = None,
    ) -> list[Step]:
        """See `StepModel.extend`; servers.py says how each server is made to. Samples are as many
        requests, but for vLLM, which gives each choice of one request its own seed. What a stream
        cost that was closed early is estimated.

        Raises:
            ModelRejected: it cannot be known that the server goes on with a reply, or what ends it.
        """
        going = Going(self, await self._server(), Begun(messages, prefix, stop), self._rank(path))
        sampling = self.taken(
            {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens, "seed": seed}
        )
        with origin.calls_at(path):
            return await going.extend(sampling, n)

    def takes_n(self, prefix: str) -> bool | None:
        """See `Several.takes_n`: vLLM does, once an answer has shown that it is one."""
        if self.one_choice:
            return False
        return None if self._known is None else self._known.several(Begun([], prefix))

    async def choose(
        self, messages: list[Message], choices: Sequence[str], *, path: str, prefix: str = ""
    ) -> Choice:
        """See `ChoosingModel.choose`; `replies.probabilities` says which tokens count."""
        going = Going(self, await self._server(), Begun(messages, prefix), self._rank(path))
        with origin.calls_at(path):
            return await going.choose(choices)

    async def call(self, ask: Ask[Reply], rank: int) -> list[Reply]:
        """Send a request until it is answered, `attempts` times at most."""
        return await with_retries(partial(self._once, ask, rank), self.attempts)

    async def _once(self, ask: Ask[Reply], rank: int) -> list[Reply]:
        """One attempt, in one slot."""
        async with slots(f"{self._asked} {self.api_base}", self.concurrency).hold(rank):
            started = time.monotonic()
            try:
                async with asyncio.timeout(self.timeout):
                    response = await self._send(ask.sent)
                    if ask.listen is not None:
                        response = await ask.listen(response)
            except ModelError:
                raise
            except TimeoutError:
                raise ModelTimeout(f"timeout: no reply within {self.timeout:g} s") from None
            except Exception as error:
                raise as_model_error(error, self.timeout, _litellm()) from error
            seconds = time.monotonic() - started
        return ask.read(response, seconds)

    async def _send(self, sent: dict[str, Any]) -> Any:
        litellm = _litellm()
        arguments = {
            "model": self._asked,
            "api_base": self.api_base,
            "api_key": self.api_key,
            "timeout": self.timeout,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,  # some reasoning models take one temperature alone
            **sent,
            **self.extra,
        }
        if "extra_body" in sent and "extra_body" in self.extra:
            arguments["extra_body"] = {**sent["extra_body"], **self.extra["extra_body"]}
        if callbacks.listening(litellm) and (about := origin.metadata()):
            arguments["metadata"] = {**about, **self.extra.get("metadata", {})}
        if "prompt" not in sent:
            return await litellm.acompletion(**arguments)
        base, key = self._address()
        return await litellm.atext_completion(client=_text_client(base, key), **arguments)

    def _address(self) -> tuple[str | None, str | None]:
        """Where the server is, and its key, by the options or by the environment."""
        _, _, key, base = _litellm().get_llm_provider(
            self._asked, api_base=self.api_base, api_key=self.api_key
        )
        return base or os.getenv("OPENAI_BASE_URL") or os.getenv("OPENAI_API_BASE"), key

    def _read(self, messages: list[Message], response: Any, seconds: float) -> list[Completion]:
        read = [reply_of(choice) for choice in choices_of(response)]
        usage = self.usage(response, messages, [text for text, _ in read], seconds)
        # The whole cost is on the first of several choices, so that adding them up is right.
        return [
            Completion(text, finish, usage if i == 0 else Usage(cost=0.0))
            for i, (text, finish) in enumerate(read)
        ]

    def usage(
        self, response: Any, messages: list[Message], texts: Sequence[str], seconds: float
    ) -> Usage:
        """What the response cost."""
        usage = usage_of(response, messages, texts, seconds)
        return replace(usage, cost=0.0) if self.free else usage

    async def _loaded(self) -> None:
        if _litellm.cache_info().currsize == 0:
            await asyncio.to_thread(_litellm)

    async def _server(self) -> Server:
        """What is known of the server that this model's steps are asked of."""
        if self._known is None:
            await self._loaded()
            template = None
            if self.template is not None:
                template = await asyncio.to_thread(templates.load, self.template)
            provider = self._provider()
            opened = provider in OPEN or (provider == "openai" and self._elsewhere())
            known = not opened and _prefills(self._asked, provider)
            if template is not None and not (opened and provider in TEXTS):
                raise InputError(
                    f"model {self.name}: template= is for text completions of a server of your "
                    "own: name it hosted_vllm/… or openai/… and give its api_base"
                )
            self._known = self._known or Server(
                self.name, self._asked, provider, self.steps, template, opened, known
            )
        return self._known

    def _elsewhere(self) -> bool:
        """Whether "openai/…" is served by another than OpenAI."""
        return bool(self.api_base or os.getenv("OPENAI_BASE_URL") or os.getenv("OPENAI_API_BASE"))

    def taken(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The parameters that are given and that the server takes."""
        supported = self._supported()
        taken = {
            key: value for key, value in asked.items() if value is not None and key in supported
        }
        if "temperature" in taken and "claude" in self._asked:
            taken.pop("top_p", None)  # Anthropic's newer models refuse to be given both
        return taken

    def _rank(self, path: str) -> int:
        return -path.count("/") if self.deep_first else 0

    @property
    def _asked(self) -> str:
        return self.served_as or self.name

    def _supported(self) -> frozenset[str]:
        parameters = _supported(self._asked, self._provider())
        return parameters - {"n"} if self.one_choice else parameters

    def _provider(self) -> str:
        provider = _provider(self._asked)
        if provider is None:
            raise InputError(unknown_model(self.name, _litellm()))
        return provider


def _text_client(base: str | None, key: str | None) -> Any:
    """What calls a server for text completions. LiteLLM would make and leave open another for every
    call; it closes those in its cache, as it does with those for chats."""
    from litellm.llms.openai.common_utils import BaseOpenAILLM
    from openai import AsyncOpenAI

    cached = _litellm().in_memory_llm_clients_cache
    name = f"ponder text {base} {key}"
    client = cached.get_cache(name)
    if client is None:
        client = AsyncOpenAI(
            base_url=base,
            api_key=key or os.getenv("OPENAI_API_KEY") or "none",
            max_retries=0,
            http_client=BaseOpenAILLM.get_async_http_client(),
        )
        cached.set_cache(name, client)
    return client


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


@cache
def _prefills(model: str, provider: str) -> bool:
    try:
        known = _litellm().get_model_info(model, custom_llm_provider=provider)
    except Exception:  # noqa: BLE001  it raises for a model that is not in its list
        return False
    return bool(known.get("supports_assistant_prefill"))


def _response_format(schema: dict[str, Any]) -> dict[str, Any]:
    described = {"name": "reply", "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": described}
