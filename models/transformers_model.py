"""A model of transformers in this process: `transformers/<folder, hub id or .gguf file>`, and with
pauses after each prompt `transformers/<folder>?pauses=10` (pauses.py).

Concurrent calls are decoded together (models/local/generate.py), and what was read of a prompt or a
reply is not read again (models/local/prefixes.py). No call goes through LiteLLM; for who uses
LiteLLM, models/litellm_provider.py offers these models there.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import InputError, ModelError, ModelRejected, ModelTimeout, ModelUnavailable
from .base import Choice, Completion, Message, Step, StepFinish, Usage
from .faults import TOO_LONG
from .local import find
from .pauses import split_name
from .slots import slots

if TYPE_CHECKING:
    from .local.generate import Generator
    from .local.loading import Loaded
    from .local.pausing import Pausing
    from .local.prompts import Prompts
    from .local.requests import Ending, Reply, Request

T = TypeVar("T")
FINISHED: dict["Ending", StepFinish] = {"stop": "step", "end": "answer", "length": "length"}


@dataclass(frozen=True)
class Engine:
    """What a loaded model works with."""

    loaded: "Loaded"
    generator: "Generator"
    prompts: "Prompts"
    pausing: "Pausing"


@dataclass
class TransformersModel:
    """A model that torch runs. Loaded by `ready` or the first call, once a process.

    Raises:
        InputError: there is no such folder or file, or its name says of pauses what cannot be.
        MissingError: it is one of our known weights, which are not here.
    """

    name: str
    dtype: str | None = None
    """"float32", "bfloat16" or "float16"; float32 on a CPU and bfloat16 on a GPU if None."""
    device: str | None = None
    """"cpu" or "cuda"; the GPU if there is one, if None."""
    together: int = 32
    """Replies that are decoded together at most."""
    token_budget: int = 32768
    """Tokens, padding included, that they have memory for. One takes
    `(await model.engine()).loaded.decoder.shape.bytes`: 46 kB with smollm2-135m in float32."""
    prefix_tokens: int | None = None
    """Tokens of what was read before that are kept in memory: 32,768 if None."""
    context: int | None = None
    """Tokens of prompt and reply that one request may have; what the model was made for if None."""
    timeout: float = 600.0
    """Seconds for one call, counted from when it gets its slot."""
    concurrency: int = 64
    """Calls that have one at most; others wait, in the order they came."""
    attempts: int = 2
    """Tries per call where the model fails, as when it is out of memory. What took too long is not
    tried again."""
    supports_schema: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        find(self.name)
        _, self._wanted = split_name(self.name)
        self._engine: Engine | None = None

    async def ready(self) -> None:
        """See `Model.ready`."""
        await self.engine()

    async def engine(self) -> Engine:
        """The model in memory, for who wants more of it than the protocols have."""
        if self._engine is None:
            self._engine = await asyncio.to_thread(self._load)
        return self._engine

    def _load(self) -> Engine:
        from .local import generator, load
        from .local.pausing import Pausing
        from .local.prompts import Prompts

        loaded = load(self.name, dtype=self.dtype, device=self.device)
        if self.prefix_tokens is not None:
            loaded.decoder.prefixes.budget = self.prefix_tokens
        made = generator(loaded, together=self.together, token_budget=self.token_budget)
        pausing = Pausing.of(self.name, self._wanted, loaded)
        return Engine(loaded, made, Prompts(self.name, loaded.tokenizer), pausing)

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
        """See `Model.chat`. Reply `i` has the seed `seed + i`. If some of them fail, the others are
        what is returned. A reply is given no more tokens than the context has left."""
        began, engine = time.monotonic(), await self.engine()
        begun = engine.prompts.chat(messages)
        ids = engine.pausing.prompt(begun)
        asked = Asked(max_tokens, temperature, top_p, tuple(stop or ()), seed, tuple(begun))
        replies, faults = await self._tried(lambda: self._generate(engine, ids, asked, n))
        shares = _shares(replies, len(ids), time.monotonic() - began, faults)
        return [
            Completion(reply.text, "length" if reply.ended == "length" else "stop", *share)
            for reply, share in zip(replies, shares, strict=True)
        ]

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
        """See `StepModel.extend`."""
        began, engine = time.monotonic(), await self.engine()
        begun, more = engine.prompts.reply(messages, prefix, stop)
        ids = engine.pausing.prompt(begun, more)
        asked = Asked(max_tokens, temperature, top_p, tuple(stop), seed, (*begun, *more))
        replies, faults = await self._tried(lambda: self._generate(engine, ids, asked, n))
        shares = _shares(replies, len(ids), time.monotonic() - began, faults)
        return [
            Step(reply.text, FINISHED[reply.ended], *share)
            for reply, share in zip(replies, shares, strict=True)
        ]

    async def choose(
        self, messages: list[Message], choices: Sequence[str], *, path: str, prefix: str = ""
    ) -> Choice:
        """See `ChoosingModel.choose`: of each choice's first token, exact, among them all."""
        began, engine = time.monotonic(), await self.engine()
        ids = engine.pausing.prompt(*engine.prompts.reply(messages, prefix))
        before = engine.prompts.render(messages) + prefix
        firsts = [engine.prompts.first(before, choice) for choice in choices]
        if not firsts or len(set(firsts)) < len(firsts):
            raise ModelRejected(f"{list(choices)} do not differ in their first token")
        if not set(firsts).isdisjoint(engine.loaded.silent):
            raise ModelRejected(f"one of {list(choices)} begins with the pause token")
        [states], faults = await self._tried(lambda: self._read(engine, ids, [len(ids) - 1]))
        logits = engine.loaded.decoder.logits(states, firsts).double()
        chances = logits.softmax(-1).tolist()
        usage = Usage(1, len(ids), 0, 0.0, time.monotonic() - began)
        return Choice(dict(zip(choices, chances, strict=True)), usage, faults)

    async def score(self, prompt: str, completion: str) -> list[float]:
        """See `ScoringModel.score`. Both are tokenised together; `Prompts.scored` says which tokens
        are the completion's. Pauses stand before them."""
        from .local.scoring import likelihoods

        engine = await self.engine()
        ids, ours = engine.prompts.scored(prompt, completion)
        if not ours:
            return []
        said = [ids[at] for at in ours]
        asked = engine.pausing.prompt(ids[: ours.start], ids[ours.start :])
        first = len(asked) - (len(ids) - ours.start) - 1
        before = range(first, first + len(ours))
        states, _ = await self._tried(lambda: self._read(engine, asked, before))
        return await asyncio.to_thread(likelihoods, engine.loaded.decoder, states, said)

    async def sweep(
        self, messages: list[Message], counts: Sequence[int], *, path: str, **options: Any
    ) -> dict[int, list[Completion]]:
        """What is replied after each number of pauses: the prompt is read once, and for each number
        what it has more than the one before (prefixes.py). Not so with `prefix_lm`, where pauses
        change what the prompt is to the model. `options` are those of `chat`.

        Raises:
            InputError: the model has no pause token.
            ModelError: as `chat`.
        """
        plain, _, query = self.name.partition("?")
        kept = [part for part in query.split("&") if part and not part.startswith("pauses=")]
        found: dict[int, list[Completion]] = {}
        for count in sorted(set(counts)):
            name = f"{plain}?{'&'.join([f'pauses={count}', *kept])}"
            found[count] = await replace(self, name=name).chat(messages, path=path, **options)
        return found

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Nothing but electricity."""
        return 0.0

    async def _tried(self, work: Callable[[], Awaitable[T]]) -> tuple[T, tuple[str, ...]]:
        """What `work` gives, and the faults of the attempts before, oldest first."""
        faults: list[str] = []
        while True:
            try:
                async with slots(self.name, self.concurrency).hold(), asyncio.timeout(self.timeout):
                    return await work(), tuple(faults)
            except TimeoutError:
                raise ModelTimeout(
                    f"timeout: no reply within {self.timeout:g} s", faults=tuple(faults)
                ) from None
            except ModelUnavailable as error:
                error.faults = tuple(faults)
                faults.append(str(error))
                if len(faults) >= self.attempts:
                    raise

    async def _generate(
        self, engine: Engine, ids: list[int], asked: "Asked", n: int
    ) -> "list[Reply]":
        """`n` replies, each with a seed of its own, of no more tokens than there is room for."""
        room = min(engine.generator.limit, self.context or engine.generator.limit) - len(ids)
        if room < 1:
            raise ModelRejected(
                f"{TOO_LONG}: a prompt of {len(ids)} tokens leaves no room for a reply in the "
                f"{len(ids) + room} that {self.name} has"
            )
        futures = [engine.generator.submit(asked.of(engine, ids, room, i)) for i in range(n)]
        waits = (asyncio.wrap_future(future) for future in futures)
        got = await asyncio.gather(*waits, return_exceptions=True)
        replies = [reply for reply in got if not isinstance(reply, BaseException)]
        for failed in got:
            if isinstance(failed, BaseException) and not (
                replies and isinstance(failed, ModelError)
            ):
                raise failed
        return replies

    async def _read(self, engine: Engine, ids: list[int], positions: Sequence[int]) -> Any:
        """The last hidden states, read together with what others ask for."""
        try:
            future = engine.generator.states(ids, positions)
        except InputError as error:
            raise ModelRejected(str(error)) from None
        return await asyncio.wrap_future(future)


@dataclass(frozen=True)
class Asked:
    """How the caller wants its replies."""

    max_tokens: int
    temperature: float | None
    top_p: float | None
    stop: tuple[str, ...]
    seed: int | None
    context: tuple[int, ...]
    """The prompt without its pauses."""

    def of(self, engine: Engine, ids: list[int], room: int, number: int) -> "Request":
        """The request for one of them. What was left open is as the model's generation config has
        it, but for its penalties on repetition, which are left out."""
        from .local.requests import CONTEXT, Request
        from .local.sampling import Sampling

        own = getattr(engine.loaded.model, "generation_config", None)
        temperature, top_p = (
            asked if asked is not None else float(given if given is not None else 1.0)
            for asked, given in (
                (self.temperature, getattr(own, "temperature", None)),
                (self.top_p, getattr(own, "top_p", None)),
            )
        )
        seed = random.randrange(2**63) if self.seed is None else self.seed + number
        sampling = Sampling(temperature, int(getattr(own, "top_k", None) or 0), top_p)
        return Request(
            tuple(ids),
            min(self.max_tokens, room),
            sampling,
            seed,
            self.stop,
            self.context[-CONTEXT:],
        )


def _shares(
    replies: "list[Reply]", prompt: int, seconds: float, faults: tuple[str, ...]
) -> list[tuple[Usage, tuple[str, ...]]]:
    """Each reply's usage and faults. Its tokens are its own; the call, its prompt, its time and its
    faults are the first one's, so that they add up."""
    first, *others = [len(reply.ids) for reply in replies]
    rest = [(Usage(0, 0, tokens), ()) for tokens in others]
    return [(Usage(1, prompt, first, 0.0, seconds), faults), *rest]
