"""How many calls may be in flight: one queue per backend for the whole process.

Neither LangGraph's `max_concurrency` nor LiteLLM's Router queues across runs, and a server is one
server however many runs call it.
"""

import asyncio
from weakref import WeakKeyDictionary

Loop = asyncio.AbstractEventLoop
_queues: WeakKeyDictionary[Loop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


def slots(backend: str, limit: int) -> asyncio.Semaphore:
    """The queue for `backend`, first come first served. The first to ask sets its limit; it is kept
    per event loop, since a lock of asyncio's belongs to one."""
    queues = _queues.setdefault(asyncio.get_running_loop(), {})
    return queues.setdefault(backend, asyncio.Semaphore(limit))
