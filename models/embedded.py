"""llama.cpp in this process: `embedded/qwen2.5-coder-1.5b`, or any GGUF file by its path.

xllamacpp's server runs on a loopback port, with a key of its own, and LiteLLM calls it like any
other. It is started once a process and file, shared by every run, and ends with the process.
"""

import asyncio
import atexit
import importlib
import os
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingError
from .base import Choice, Completion, Message, Step
from .litellm_model import LiteLLMModel
from .weights import known, verified

MOST_SLOTS = 8
CONTEXT = 8192
"""Tokens of prompt and reply that one request may have."""
LONGEST_TEXT, LONGEST_LIST = 500, 8
"""Characters of a string and items of a list in a reply that follows a schema."""
CACHE_MIB = 512
"""Memory for the prompts of requests that are over, so that a shared beginning is read once."""


@dataclass
class EmbeddedModel:
    """A GGUF model in this process. Made with its weights checked; started by `ready` or the first
    call.

    Raises:
        InputError: no such model or file.
        MissingError: the weights, or xllamacpp, are missing; the message says how to get them.
    """

    name: str
    slots: int | None = None
    """Requests decoded together; one a core, 2 to 8, if None. More slots write more tokens a second
    in all and fewer each: on two cores 4 write 15 % more than 2, and the first program comes half a
    minute later."""
    context: int = CONTEXT
    threads: int | None = None
    """Cores to use; all that this process may if None. llama.cpp spins: leave it none that are
    taken."""
    timeout: float = 600.0
    """Seconds for one call."""
    concurrency: int = 64
    """Calls running at most, as far as there are slots."""
    attempts: int = 8
    """Tries per call; a server in this process fails seldom."""
    supports_schema: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.path = _weights(self.name)
        self._served: LiteLLMModel | None = None

    @property
    def cores(self) -> int:
        """The number of threads that are used."""
        return self.threads or len(os.sched_getaffinity(0))

    @property
    def together(self) -> int:
        """The number of slots that are used."""
        return self.slots or min(MOST_SLOTS, max(2, self.cores))

    @property
    def most_in_flight(self) -> int:
        """See `Bounded.most_in_flight`: a request beyond the slots would only wait inside, where
        its time runs."""
        return min(self.concurrency, self.together)

    async def ready(self) -> None:
        """See `Model.ready`."""
        served = await self._serve()
        await served.ready()

    async def chat(self, messages: list[Message], *, path: str, **rest: Any) -> list[Completion]:
        """See `Model.chat`."""
        served = await self._serve()
        if rest.get("schema") is not None:
            rest["schema"] = bounded(rest["schema"])
        return await served.chat(messages, path=path, **rest)

    async def extend(
        self, messages: list[Message], prefix: str, *, path: str, stop: Sequence[str], **rest: Any
    ) -> list[Step]:
        """See `StepModel.extend`."""
        served = await self._serve()
        return await served.extend(messages, prefix, path=path, stop=stop, **rest)

    async def choose(
        self, messages: list[Message], choices: Sequence[str], *, path: str, prefix: str = ""
    ) -> Choice:
        """See `ChoosingModel.choose`."""
        served = await self._serve()
        return await served.choose(messages, choices, path=path, prefix=prefix)

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Nothing but electricity."""
        return 0.0

    async def _serve(self) -> LiteLLMModel:
        if self._served is None:
            server = await asyncio.to_thread(_server, self)
            self._served = LiteLLMModel(
                self.name,
                served_as=f"hosted_vllm/{self.path.stem}",
                api_base=f"{server.url}/v1",
                api_key=server.key,
                timeout=self.timeout,
                attempts=self.attempts,
                concurrency=self.most_in_flight,
                free=True,
                deep_first=True,
                one_choice=True,  # its usage counts only one of several
                extra={"extra_body": {"cache_prompt": True}},
            )
        return self._served


def bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with an end to every string and list in it: a small model that must not close a
    string may go on until its tokens are spent."""
    copy = {
        key: bounded(value) if isinstance(value, dict) else value for key, value in schema.items()
    }
    if schema.get("type") == "string":
        copy.setdefault("maxLength", LONGEST_TEXT)
    if schema.get("type") == "array":
        copy.setdefault("maxItems", LONGEST_LIST)
    return copy


def _weights(name: str) -> Path:
    short = name.removeprefix("embedded/")
    if short.endswith(".gguf"):
        path = Path(short).expanduser()
        if not path.is_file():
            raise InputError(f"model {name}: there is no file {path}")
        return path
    return verified(known(name))


@dataclass(frozen=True)
class Server:
    """A running llama.cpp."""

    url: str
    key: str
    handle: Any


_servers: dict[Path, Server] = {}
_starting = threading.Lock()


def _server(model: EmbeddedModel) -> Server:
    """The one server of this process for that file. Blocks for some seconds the first time."""
    with _starting:
        if model.path not in _servers:
            _servers[model.path] = _start(model)
            if len(_servers) == 1:
                atexit.register(_servers.clear)  # a server ends when nothing refers to it
        return _servers[model.path]


def _start(model: EmbeddedModel) -> Server:
    try:
        xllamacpp: Any = importlib.import_module("xllamacpp")
    except ImportError:
        raise MissingError(
            "embedded models need xllamacpp: pip install 'ponder[embedded]'"
        ) from None
    key = secrets.token_hex(16)
    threads = model.cores
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model.path)
    parameters.n_parallel = model.together
    parameters.n_ctx = model.together * model.context
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [key]
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.cors_origins = ""
    parameters.cache_ram_mib = CACHE_MIB
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.verbosity = -1
    try:
        server = xllamacpp.Server(parameters)
    except Exception as error:  # noqa: BLE001  whatever a file that is no model makes it raise
        raise InputError(f"model {model.name}: llama.cpp cannot load it: {error}") from None
    return Server(server.listening_address.rstrip("/"), key, server)
