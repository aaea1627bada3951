"""What a search may spend, and the ledger that holds it to that."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields

from ..errors import BudgetExhausted, InputError
from .base import Usage

SMALLEST_GRANT = 64
"""Tokens of reply below which a call is not worth making with what is left of a budget."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper limits for one run; None is unlimited. Replayed replies count as they did when paid,
    so a resumed search is exactly as large as an uninterrupted one.

    Judging counts in tokens and dollars. A model that judges is asked only while some of them, and
    of the seconds, are left: what is under way when they are spent may go over. Other verifiers
    judge whatever was paid for.
    """

    calls: int | None = None
    """Of the search's own models, not of those that judge. A plan is asked for only while there is
    a call left to implement it."""
    tokens: int | None = None
    """Prompt and completion tokens together."""
    usd: float | None = None
    seconds: float | None = None
    """Wall-clock time of this process's part of the run."""

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise InputError(
                    f"budget: {limit.name}={value} must be a number above 0 (leave it out for none)"
                )

    @classmethod
    def parse(cls, text: str) -> "Budget":
        """Read `calls=40,tokens=20000,usd=0.5,seconds=60`, in any order, each at most once."""
        limits: dict[str, float] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, value = _parse_limit(part)
            if name in limits:
                raise InputError(f"budget: {name} is given twice in {text!r}")
            limits[name] = value
        return cls(
            calls=_whole(limits, "calls"),
            tokens=_whole(limits, "tokens"),
            usd=limits.get("usd"),
            seconds=limits.get("seconds"),
        )


def _parse_limit(part: str) -> tuple[str, float]:
    name, _, value = (piece.strip() for piece in part.partition("="))
    known = [limit.name for limit in fields(Budget)]
    if name not in known:
        raise InputError(f"budget: {part!r} is not one of {', '.join(f'{k}=N' for k in known)}")
    try:
        return name, float(value)
    except ValueError:
        raise InputError(f"budget: {part!r} needs a number, as in {name}=40") from None


def _whole(limits: dict[str, float], name: str) -> int | None:
    value = limits.get(name)
    if value is None:
        return None
    if not math.isfinite(value) or value != int(value):
        raise InputError(f"budget: {name}={value:g} must be a whole number")
    return int(value)


@dataclass(frozen=True, slots=True)
class Quote:
    """The most a call can cost: what the ledger sets aside while it is in flight."""

    prompt_tokens: int
    max_tokens: int
    prompt_price: float = 0.0
    """US dollars a prompt token; 0 where it is free or no dollar limit is set."""
    completion_price: float = 0.0
    promise: "Promise | None" = None
    """What else it needs to be worth making."""
    replies: int = 1
    """How many it is to bring, each of `max_tokens` at most."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What stands between a call and an answer. A plan that no call is left to implement would be
    paid for in vain, so a call is admitted only with those that have to follow it, which are set
    aside under its name until they come."""

    name: str
    """The thought that the call is for."""
    then: int = 0
    """Calls that have to follow it."""
    after: str | None = None
    """The thought that it follows: it is one of those set aside under that name."""


@dataclass(slots=True)
class Hold:
    """An admitted call. Its maker sets `spent` to what the call really cost."""

    max_tokens: int
    calls: int = 1
    tokens: int = 0
    usd: float = 0.0
    spent: Usage | None = None


@dataclass(slots=True)
class Aside:
    """What is not spent, and not free either: calls in flight, and those that must follow."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0


class Ledger:
    """Admits calls against a budget so that it is never exceeded.

    A call is admitted with its worst case set aside. When that does not fit, it waits for calls in
    flight to turn out cheaper; with none in flight its reply is shortened to what is left, and if
    that is too little to be of use, `BudgetExhausted` names the limit. Prompt tokens are estimated
    before a call (see `estimate_tokens`), so a token budget can be missed by that estimate's error.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.spent = Usage()
        self.held: dict[int, Hold] = {}
        self._aside = Aside()
        self._promised: dict[str, int] = {}
        """Calls set aside, by the name of the thought they are to follow."""
        self._settled = asyncio.Event()

    @asynccontextmanager
    async def hold(self, quote: Quote) -> AsyncIterator[Hold]:
        """Admit one call for the length of the block.

        Raises:
            BudgetExhausted: the message names the limit.
        """
        hold = await self._admit(quote)
        self.follow(quote.promise)
        self._hold(hold)
        try:
            yield hold
        finally:
            self._let_go(hold)
            # A call that failed without an answer still was a call: a dead server cannot
            # make a search endless.
            self.spent += hold.spent or Usage(calls=1)
            self._settled.set()

    def follow(self, promise: Promise | None) -> None:
        """Set aside what has to follow a call that is made (or was, and is replayed)."""
        if promise is not None:
            self.release(promise.after or "")
            self.release(promise.name)
            if promise.then:
                self._promised[promise.name] = promise.then
                self._aside.calls += promise.then

    def promised(self, promise: Promise | None) -> bool:
        """Whether a call is one of those set aside."""
        return promise is not None and self._promised.get(promise.after or "", 0) > 0

    def release(self, name: str) -> None:
        """Nothing will follow the thought of that name after all. Idempotent."""
        freed = self._promised.pop(name, 0)
        self._aside.calls -= freed
        if freed:
            self._settled.set()

    def left(self, seconds: float) -> str:
        """What is left of each limit, for a human, after `seconds` of running."""
        calls, tokens, usd = self._left()
        shares = [
            (calls, "{:.0f} calls"),
            (tokens, "{:.0f} tokens"),
            (usd, "${:.4f}"),
            (self.budget.seconds and self.budget.seconds - seconds, "{:.0f} s"),
        ]
        return ", ".join(shown.format(max(0, left)) for left, shown in shares if left is not None)

    def over(self) -> str | None:
        """Which limit is spent, of tokens and dollars, if one is. What is set aside for calls in
        flight is not."""
        budget, spent = self.budget, self.spent
        if budget.tokens is not None and budget.tokens - spent.tokens < SMALLEST_GRANT:
            return f"tokens={budget.tokens}"
        if budget.usd is not None and (spent.cost or 0.0) >= budget.usd:
            return f"usd={budget.usd}"
        return None

    def replay(self, usage: Usage) -> None:
        """Count what the store answered, so that a replayed run is as large as the paid one."""
        self.spent += usage

    async def _admit(self, quote: Quote) -> Hold:
        while True:
            grant, limit = self._fit(quote)
            short = grant < min(quote.max_tokens, SMALLEST_GRANT)
            if not short and (grant == quote.max_tokens or not self.held):
                said = grant * quote.replies
                tokens = quote.prompt_tokens + said
                usd = quote.prompt_tokens * quote.prompt_price + said * quote.completion_price
                return Hold(grant, tokens=tokens, usd=usd)
            if not self.held:
                raise BudgetExhausted(f"budget spent: {limit}")
            self._settled.clear()
            await self._settled.wait()

    def _fit(self, quote: Quote) -> tuple[int, str]:
        """How many reply tokens fit right now, and which limit is the tightest."""
        calls, tokens, usd = self._left()
        fits: list[tuple[float, str]] = [(quote.max_tokens, "")]
        if calls is not None and calls < self._needed(quote.promise):
            fits.append((-1, f"calls={self.budget.calls}"))
        if tokens is not None:
            each = (tokens - quote.prompt_tokens) / quote.replies
            fits.append((each, f"tokens={self.budget.tokens}"))
        if usd is not None:
            reply_usd = usd - quote.prompt_tokens * quote.prompt_price
            price = quote.completion_price * quote.replies
            room = reply_usd / price if price else (math.inf if reply_usd >= 0 else -1)
            fits.append((room, f"usd={self.budget.usd}"))
        room, limit = min(fits, key=lambda fit: fit[0])
        return math.floor(room), limit

    def _needed(self, promise: Promise | None) -> int:
        """Calls that must be left, besides those set aside, for one to be made."""
        if promise is None:
            return 1
        return 1 + promise.then - self._promised.get(promise.after or "", 0)

    def _left(self) -> tuple[float | None, float | None, float | None]:
        budget, spent, aside = self.budget, self.spent, self._aside
        return (
            budget.calls and budget.calls - spent.calls - aside.calls,
            budget.tokens and budget.tokens - spent.tokens - aside.tokens,
            budget.usd and budget.usd - (spent.cost or 0.0) - aside.usd,
        )

    def _hold(self, hold: Hold) -> None:
        self.held[id(hold)] = hold
        self._aside.calls += hold.calls
        self._aside.tokens += hold.tokens
        self._aside.usd += hold.usd

    def _let_go(self, hold: Hold) -> None:
        del self.held[id(hold)]
        self._aside.calls -= hold.calls
        self._aside.tokens -= hold.tokens
        # A sum that is added to and taken from keeps a rest in its last digits.
        self._aside.usd = self._aside.usd - hold.usd if self.held else 0.0


def estimate_tokens(text_length: int) -> int:
    """Tokens in that many characters, on the safe side for English and code (3 characters each)."""
    return text_length // 3 + 8
