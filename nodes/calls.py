"""The one place where models are called: store first, then budget, then the model, then store."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from ..errors import ModelError, ModelRefused, ModelUnavailable, PonderError, SearchStopped
from ..models.base import Completion, Message, Model, Several, Step, Usage
from ..models.budget import Budget, Ledger, Promise, Quote, estimate_tokens
from ..models.store import Store
from .replies import Replies, Reply
from .request import CallEnded, Ending, Request, neighbours
from .sampling import Sampling


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
        self.failed: dict[str, bool] = {}
        """Paths whose model was asked in this process and failed, by which is not meant that it
        refused; and whether the same may succeed later."""
        self._task, self._seed = task, seed
        self._replies = Replies(run, task, store)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._finding_out = asyncio.Lock()
        self._deadline: float | None = None
        self._cut = False
        """Whether not even what was set aside may be called any more."""

    @property
    def finished(self) -> bool:
        """Whether this run came to its end before, and only replays now."""
        return self._replies.finished

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
        once: bool = False,
    ) -> Completion:
        """One whole reply. `promise` says what has to follow it; `once`: see `Request`.

        Raises:
            CallEnded: the search has stopped, or no usable reply came.
            StoreError: the reply could not be kept.
        """
        schema = schema if model.supports_schema else None
        seed = self.seed(path)
        asked = Request(path, model, messages, sampling, schema, seed, None, promise, once)
        return await self._get(Completion, asked)

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

    async def extend_all(
        self,
        model: Model,
        paths: Sequence[str],
        messages: list[Message],
        prefix: str,
        sampling: Sampling,
    ) -> list[Step | Ending]:
        """Independent samples of how a reply goes on, one a path, whose seeds count on from the
        first one's; or why there is none. Those that the store lacks are asked for by one request
        where the model takes `n`. What is cut off or refused is so in every attempt at the run: to
        ask again would choose among the samples.

        Raises:
            StoreError: as `ask`.
        """
        first = self.seed(paths[0])
        requests = [
            Request(path, model, messages, sampling, None, first + i, prefix, once=True)
            for i, path in enumerate(paths)
        ]
        self.made += len(requests)
        outcomes = {one.path: self._known(Step, one) for one in requests}
        missing = [one for one in requests if outcomes[one.path] is None]
        paid = await asyncio.gather(*map(self._pay_together, neighbours(missing)))
        outcomes |= {path: one for some in paid for path, one in some.items()}
        return [one for one in outcomes.values() if one is not None]

    async def _pay_together(self, requests: Sequence[Request]) -> dict[str, Any]:
        """What comes of requests whose seeds follow one another, by path."""
        outcomes = await self._find_out(requests)
        rest = [one for one in requests if one.path not in outcomes]
        if len(rest) > 1 and _takes_n(rest[0]):
            got = await self._pay(rest)
            outcomes |= {one.path: reply for one, reply in zip(rest, got, strict=False)}
            rest = rest[len(got) :]
        alone = await asyncio.gather(*(self._pay([one]) for one in rest))
        return outcomes | {one.path: reply for one, (reply,) in zip(rest, alone, strict=True)}

    async def _find_out(self, requests: Sequence[Request]) -> dict[str, Any]:
        """See by the answer to the first of them, if nothing has shown it, whether one call brings
        several. While one finds out, others wait for that."""
        if len(requests) == 1 or _takes_n(requests[0]) is not None:
            return {}
        async with self._finding_out:
            if _takes_n(requests[0]) is not None:
                return {}
            return dict(zip([requests[0].path], await self._pay(requests[:1]), strict=True))

    async def _get(self, kind: type[Reply], request: Request) -> Reply:
        self.made += 1
        outcome = self._known(kind, request)
        if outcome is None:
            [outcome] = await self._pay([request])
        if isinstance(outcome, Ending):
            raise CallEnded(outcome)
        return outcome

    def _known(self, kind: type[Reply], request: Request) -> Reply | Ending | None:
        """What was kept of it, counted; None if the model must be asked."""
        known = self._replies.known(kind, request)
        if known is None:
            return None
        self._count(request.path, known.usage)
        if not isinstance(known, Ending):
            self.ledger.follow(request.promise)
        elif known.stopped and self.stopped is None:
            self.stopped = known.reason
        return known

    def _count(self, path: str, usage: Usage) -> None:
        if _thought(path) not in self.restored:
            self.ledger.replay(usage)

    async def _pay(self, requests: Sequence[Request]) -> list[Any]:
        """What comes of one call: a reply or an ending for each of the requests, the same but for
        their seeds, that it is for; or for the first of them, if the model gives fewer."""
        limit = asyncio.timeout_at(self._deadline)
        try:
            async with limit:
                replies, granted = await self._admitted(requests)
        except ModelError as error:
            again = isinstance(error, ModelRefused)
            if not again:
                self._failed(requests, later=isinstance(error, ModelUnavailable))
            ending = Ending(str(error), False, error.faults, Usage(calls=1), again)
            return self._ended(requests, ending)
        except SearchStopped as error:
            self._stop_quietly(str(error))
        except PonderError:
            raise  # ours, or the caller's: it ends the run
        except Exception as error:  # noqa: BLE001  what no model should raise costs this call alone
            if not limit.expired():
                self._failed(requests, later=False)
                line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
                return self._ended(requests, Ending(line, False, usage=Usage(calls=1)))
            self._stop_quietly(f"budget spent: {self._seconds}")
        else:
            given = zip(requests, replies, strict=False)
            return [self._whole(one, reply, granted) for one, reply in given]
        return self._ended(requests, Ending(self.stopped or "stopped", stopped=True))

    def _failed(self, requests: Sequence[Request], *, later: bool) -> None:
        self.failed.update((one.path, later) for one in requests)

    def _whole(self, request: Request, reply: Any, granted: int) -> Any:
        """The reply, unless it was cut off. Of a sample that stands as it is, it matters whether
        the budget did that, which had no more tokens for it."""
        if reply.finish != "length":
            return reply
        ours = request.once and granted < request.sampling.max_tokens
        kind = "budget spent" if ours else "truncated"
        reason = f"{kind}: cut off after {reply.usage.completion_tokens} tokens"
        [ending] = self._ended([request], Ending(reason, False, reply.faults, reply.usage, True))
        return ending

    @property
    def _seconds(self) -> str:
        return f"seconds={self.ledger.budget.seconds:g}"

    def _stop_quietly(self, reason: str) -> None:
        # Calls in flight are paid for: running out of budget lets them finish.
        self.stopped = self.stopped or reason

    def _ended(self, requests: Sequence[Request], ending: Ending) -> list[Ending]:
        """The ending of each; what it cost is the first one's."""
        endings = [ending, *[replace(ending, faults=(), usage=Usage())] * (len(requests) - 1)]
        for request, one in zip(requests, endings, strict=True):
            self._replies.end(request, one)
        return endings

    async def _admitted(self, requests: Sequence[Request]) -> tuple[list[Any], int]:
        """The replies, and the most tokens that each was granted."""
        request = requests[0]
        self._refuse_when_stopped(request)
        promised = self.ledger.promised(request.promise)
        async with self.ledger.hold(self._quote(request, len(requests))) as hold:
            if self.stopped is not None and (self._cut or not promised):
                hold.spent = Usage()
                raise SearchStopped(self.stopped)
            kept = self._kept(requests, hold.max_tokens)
            replies: list[Any] = await self._cancellable(request.path, kept)
            hold.spent = sum((reply.usage for reply in replies), Usage())
            return replies, hold.max_tokens

    def _refuse_when_stopped(self, request: Request) -> None:
        """A budget that is spent still has what was set aside."""
        if self.stopped is None:
            return
        if self._cut or not self.ledger.promised(request.promise):
            raise SearchStopped(self.stopped)

    async def _kept(self, requests: Sequence[Request], max_tokens: int) -> list[Any]:
        """The replies, in the store before anything else can happen: whoever waits for them may be
        cancelled in the very moment that they come."""
        self.asked.update(_thought(one.path) for one in requests)
        replies = await requests[0].send(max_tokens, len(requests))
        return [
            self._replies.keep(one, reply) for one, reply in zip(requests, replies, strict=False)
        ]

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

    def _quote(self, request: Request, replies: int) -> Quote:
        budget, most = self.ledger.budget, request.sampling.max_tokens
        if budget.tokens is None and budget.usd is None:
            return Quote(0, most, promise=request.promise)
        prompt = estimate_tokens(request.length)
        if budget.usd is None:
            return Quote(prompt, most, promise=request.promise, replies=replies)
        price = request.model.price
        prices = _unit(price, 1, 0), _unit(price, 0, 1)
        return Quote(prompt, most, *prices, request.promise, replies)


def _takes_n(request: Request) -> bool | None:
    """Whether one call brings several replies to it; None if no answer has shown it yet."""
    if not isinstance(request.model, Several):
        return False
    return request.model.takes_n(request.prefix or "")


def _thought(path: str) -> str:
    """The id of the thought that a call at that path is for, whichever try it is."""
    return path.partition("~")[0]


def _unit(price: Callable[[int, int], float | None], prompt: int, completion: int) -> float:
    """US dollars a token; asked for a million of them, since prices are rounded."""
    million = 1_000_000
    return (price(prompt * million, completion * million) or 0.0) / million
