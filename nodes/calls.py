"""The one place where models are called: store first, then budget, then the model, then store."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ..errors import ModelError, ModelRefused, PonderError, SearchStopped
from ..models.base import Completion, Message, Model, Step, StepModel, Usage
from ..models.budget import Budget, Ledger, Promise, Quote, estimate_tokens
from ..models.store import Store, digest
from .sampling import Sampling
from .thought import plain

Reply = TypeVar("Reply", Completion, Step)


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

    def as_json(self) -> dict[str, Any]:
        """What the reply depends on, besides the model's name and the path."""
        asked = {
            "messages": self.messages,
            "schema": self.schema,
            "seed": self.seed,
            **plain(self.sampling),
        }
        return asked if self.prefix is None else {**asked, "prefix": self.prefix}

    def send(self, max_tokens: int) -> Coroutine[Any, Any, list[Any]]:
        """The call itself, for a reply of at most so many tokens."""
        sampling = self.sampling
        if self.prefix is None:
            return self.model.chat(
                self.messages,
                path=self.path,
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


class Calls:
    """The calls of one run.

    What was decided about a call is recorded when it is decided: its reply (for every run that asks
    the same), or for this run alone that it was refused or failed. A run started again therefore
    makes the same decisions, pays only for what it had not got, and once finished needs no model.
    """

    def __init__(self, run: str, task: str, store: Store, budget: Budget, seed: int) -> None:
        self.ledger = Ledger(budget)
        self.stopped: str | None = None
        """Why no further call is made, once that is so."""
        self.in_flight: dict[str, float] = {}
        """Path and start (event loop's clock, seconds) of each call under way."""
        self.made = 0
        """Calls so far, replayed or not."""
        self.restored: set[str] = set()
        """Thoughts whose cost is in the ledger already, since a checkpoint was resumed."""
        self.asked: set[str] = set()
        """Thoughts that a model was asked for in this process, and not the store alone."""
        self._run, self._task, self._store, self._seed = run, task, store, seed
        self.finished = store.record(run, "finished", "") is not None
        """Whether this run came to its end before, and only replays now."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._deadline: float | None = None
        self._cut = False
        """Whether not even what was set aside may be called any more."""

    def start_clock(self) -> None:
        """Start counting the budget's seconds."""
        if self.ledger.budget.seconds is not None:
            self._deadline = asyncio.get_running_loop().time() + self.ledger.budget.seconds

    def over(self) -> str | None:
        """Which limit of tokens, dollars or seconds is spent, if one is, in a line."""
        late = self._deadline is not None and asyncio.get_running_loop().time() >= self._deadline
        spent = self._seconds if late else self.ledger.over()
        return spent and f"budget spent: {spent}"

    def stop(self, reason: str) -> None:
        """Cancel the calls under way and refuse later ones. The first reason stands."""
        if self.stopped is None:
            self.stopped, self._cut = reason, True
            for task in self._tasks:
                task.cancel()

    def seed(self, path: str) -> int:
        """A seed for that place, the same in every run of this task with this `Context.seed`."""
        text = f"{self._seed}/{self._task}/{path}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.sha256(text).digest()[:4], "big") >> 1

    async def ask(
        self,
        model: Model,
        path: str,
        messages: list[Message],
        sampling: Sampling,
        schema: dict[str, Any] | None = None,
        *,
        promise: Promise | None = None,
    ) -> Completion:
        """One whole reply. `promise` says what has to follow it.

        Raises:
            CallEnded: the search has stopped, or no usable reply came.
            StoreError: the reply could not be kept.
        """
        schema = schema if model.supports_schema else None
        seed = self.seed(path)
        return await self._get(
            Completion, Request(path, model, messages, sampling, schema, seed, promise=promise)
        )

    async def extend(
        self, model: Model, path: str, messages: list[Message], prefix: str, sampling: Sampling
    ) -> Step:
        """The next step of a reply that begins with `prefix`; `sampling.stop` are the separators.

        Raises:
            CallEnded, StoreError: as `ask`.
        """
        return await self._get(
            Step, Request(path, model, messages, sampling, None, self.seed(path), prefix)
        )

    async def _get(self, kind: type[Reply], request: Request) -> Reply:
        self.made += 1
        reply = self._replay(kind, self._key(request), request.path)
        if reply is not None:
            self.ledger.follow(request.promise)
            return reply
        paid: Reply = await self._pay(request)
        return paid

    def _key(self, request: Request) -> str:
        return digest([self._task, request.path, request.model.name, request.as_json()])

    def _replay(self, kind: type[Reply], key: str, path: str) -> Reply | None:
        """The stored reply; None if the model must be asked.

        Raises:
            CallEnded: the store says that the call had no reply.
        """
        stored = self._store.reply(key)
        if stored is not None:
            usage, faults = Usage(**stored["usage"]), tuple(stored["faults"])
            reply = kind(stored["text"], stored["finish"], usage, faults)
            self._count(path, reply.usage)
            return reply
        ended = self._store.record(self._run, "ended", path)
        # What was refused stays refused, so that a run started again is no larger than the first.
        # What failed is asked again, unless the run came to its end in spite of it.
        if ended is not None and (ended["stopped"] or self.finished):
            ending = Ending(
                **{**ended, "faults": tuple(ended["faults"]), "usage": Usage(**ended["usage"])}
            )
            self._count(path, ending.usage)
            if ending.stopped and self.stopped is None:
                self.stopped = ending.reason
            raise CallEnded(ending)
        return None

    def _count(self, path: str, usage: Usage) -> None:
        if _thought(path) not in self.restored:
            self.ledger.replay(usage)

    async def _pay(self, request: Request) -> Any:
        limit = asyncio.timeout_at(self._deadline)
        try:
            async with limit:
                reply = await self._admitted(request)
        except ModelError as error:
            again = isinstance(error, ModelRefused)
            ending = Ending(str(error), False, error.faults, Usage(calls=1), again)
            raise self._ended(request, ending) from None
        except SearchStopped as error:
            self._stop_quietly(str(error))
        except Exception as error:
            if not limit.expired():
                raise self._unforeseen(request, error) from error
            self._stop_quietly(f"budget spent: {self._seconds}")
        else:
            if reply.finish == "length":
                reason = f"truncated: cut off after {reply.usage.completion_tokens} tokens"
                raise self._ended(request, Ending(reason, False, reply.faults, reply.usage, True))
            return reply
        raise self._ended(request, Ending(self.stopped or "stopped", stopped=True))

    @property
    def _seconds(self) -> str:
        return f"seconds={self.ledger.budget.seconds:g}"

    def _unforeseen(self, request: Request, error: Exception) -> Exception:
        """What to raise when a model raises what no model should: its fault costs this call alone,
        but what is ours, or the caller's, ends the run."""
        if isinstance(error, PonderError):
            return error
        line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        return self._ended(request, Ending(line, False, usage=Usage(calls=1)))

    def _stop_quietly(self, reason: str) -> None:
        # Calls in flight are paid for: running out of budget lets them finish.
        self.stopped = self.stopped or reason

    def _ended(self, request: Request, ending: Ending) -> CallEnded:
        data = {**plain(ending), "usage": plain(ending.usage)}
        self._store.put_latest(self._run, "ended", request.path, data)
        return CallEnded(ending)

    async def _admitted(self, request: Request) -> Any:
        self._refuse_when_stopped(request)
        promised = self.ledger.promised(request.promise)
        async with self.ledger.hold(self._quote(request)) as hold:
            if self.stopped is not None and (self._cut or not promised):
                hold.spent = Usage()
                raise SearchStopped(self.stopped)
            reply = await self._cancellable(request.path, self._kept(request, hold.max_tokens))
            hold.spent = reply.usage
            return reply

    def _refuse_when_stopped(self, request: Request) -> None:
        """A budget that is spent still has what was set aside."""
        if self.stopped is None:
            return
        if self._cut or not self.ledger.promised(request.promise):
            raise SearchStopped(self.stopped)

    async def _kept(self, request: Request, max_tokens: int) -> Any:
        """The reply, in the store before anything else can happen: whoever waits for it may be
        cancelled in the very moment that it comes."""
        self.asked.add(_thought(request.path))
        reply = (await request.send(max_tokens))[0]
        if reply.finish == "length":
            return reply
        given = {**plain(reply), "usage": plain(reply.usage)}
        stands = self._store.put_reply(
            self._key(request),
            task=self._task,
            path=request.path,
            model=request.model.name,
            request=request.as_json(),
            reply=given,
        )
        # Of two runs that ask the same at once, both are paid for and both go on from the first.
        if stands is given:
            return reply
        return replace(reply, text=stands["text"], finish=stands["finish"])

    async def _cancellable(self, path: str, call: Coroutine[Any, Any, Any]) -> Any:
        """Await a call that `stop` may cancel, telling that from our own task being cancelled."""
        task = asyncio.ensure_future(call)
        self._tasks.add(task)
        self.in_flight[path] = asyncio.get_running_loop().time()
        try:
            return await task
        except asyncio.CancelledError:
            task.cancel()
            current = asyncio.current_task()
            if self.stopped is None or (current is not None and current.cancelling()):
                raise
            raise SearchStopped(self.stopped) from None
        finally:
            self._tasks.discard(task)
            self.in_flight.pop(path, None)  # the same run may be under way twice

    def _quote(self, request: Request) -> Quote:
        budget, most = self.ledger.budget, request.sampling.max_tokens
        if budget.tokens is None and budget.usd is None:
            return Quote(0, most, promise=request.promise)
        prompt = estimate_tokens(request.length)
        if budget.usd is None:
            return Quote(prompt, most, promise=request.promise)
        price = request.model.price
        return Quote(prompt, most, _unit(price, 1, 0), _unit(price, 0, 1), request.promise)


def _thought(path: str) -> str:
    """The id of the thought that a call at that path is for, whichever try it is."""
    return path.partition("~")[0]


def _unit(price: Callable[[int, int], float | None], prompt: int, completion: int) -> float:
    """US dollars a token; asked for a million of them, since prices are rounded."""
    million = 1_000_000
    return (price(prompt * million, completion * million) or 0.0) / million
