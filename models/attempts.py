"""One request, sent until it is answered; and several, of which some may fail."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..errors import ModelError, ModelUnavailable
from .base import Choice, Completion, Step

LONGEST_WAIT = 60.0
"""Seconds between two attempts at most, whatever a server asks for."""
FIRST_WAIT = 1.0

Reply = TypeVar("Reply", Completion, Step, Choice)


@dataclass(frozen=True)
class Ask(Generic[Reply]):
    """One request, and how what comes back is read."""

    sent: dict[str, Any]
    """LiteLLM's arguments."""
    read: Callable[[Any, float], list[Reply]]
    """From the response and the seconds it took."""
    listen: Callable[[Any], Awaitable[Any]] | None = None
    """For a stream: what is made of it while the call lasts, for `read`."""


async def with_retries(once: Callable[[], Awaitable[list[Reply]]], attempts: int) -> list[Reply]:
    """What the first attempt that succeeds brings, with the faults of those before it."""
    faults: list[str] = []
    attempt = 0
    while True:
        try:
            first, *rest = await once()
            return [replace(first, faults=tuple(faults)), *rest]
        except ModelError as error:
            error.faults = tuple(faults)
            if not isinstance(error, ModelUnavailable) or attempt + 1 >= attempts:
                raise
            faults.append(str(error))
            await asyncio.sleep(_wait(attempt, error.retry_after))
            attempt += 1


def _wait(attempt: int, asked: float | None) -> float:
    """Seconds until the next attempt: what the server asked for, else exponential backoff with full
    jitter, so that callers who failed together do not come back together."""
    longest = asked if asked is not None else random.random() * FIRST_WAIT * 2**attempt
    return min(longest, LONGEST_WAIT)


def seeded(request: dict[str, Any], n: int) -> list[dict[str, Any]]:
    """`n` requests for one choice each, every one with a seed of its own."""
    if "seed" not in request:
        return [request] * n
    return [{**request, "seed": request["seed"] + i} for i in range(n)]


async def gathered(calls: Sequence[Awaitable[list[Reply]]]) -> list[Reply]:
    """What the calls bring; of those that fail for good, nothing, unless all do."""
    got = await asyncio.gather(*calls, return_exceptions=True)
    replies = [reply for part in got if isinstance(part, list) for reply in part]
    for failed in got:
        if isinstance(failed, BaseException) and not (replies and isinstance(failed, ModelError)):
            raise failed
    return replies
