"""A local OpenAI-compatible server that answers as a test tells it to."""

import asyncio
import json
import random
import string
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, as it goes over the wire."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    """Seconds until it is sent."""
    close: bool = False
    """Whether the connection is closed instead."""
    events: tuple[str, ...] | None = None
    """What is sent as a stream of events, in place of a body."""


Answer = Callable[[Body, int], Reply]
"""What to say to a request, given how many equal ones came before it."""


def ok(*texts: str, finish: str = "stop", wait: float = 0.0, **message: Any) -> Reply:
    """A completion with a choice for each text."""
    choices = [_choice(i, text, finish, message) for i, text in enumerate(texts)]
    return Reply(_completion(choices), wait=wait)


def _choice(index: int, text: str | None, finish: str, more: Body) -> Body:
    message = {"role": "assistant", "content": text, **more}
    return {"index": index, "message": message, "finish_reason": finish}


def _completion(choices: list[Body]) -> str:
    usage = {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50}
    kind = {"id": "1", "object": "chat.completion", "created": 0, "model": "x"}
    return json.dumps({**kind, "choices": choices, "usage": usage})


def text(said: str, finish: str = "stop", **choice: Any) -> Reply:
    """A text completion."""
    one = {"index": 0, "text": said, "finish_reason": finish, "logprobs": None, **choice}
    return Reply(_completion([one]))


def streamed(*parts: str, finish: str | None = "stop", close: bool = False) -> Reply:
    """A completion as it is written, which never ends where `finish` is None."""
    deltas: list[tuple[Body, str | None]] = [({"content": part}, None) for part in parts]
    if finish is not None:
        deltas.append(({}, finish))
    kind = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "x"}
    chunks = [
        {**kind, "choices": [{"index": 0, "delta": delta, "finish_reason": ended}]}
        for delta, ended in deltas
    ]
    ending = () if finish is None else ("[DONE]",)
    return Reply(events=(*map(json.dumps, chunks), *ending), close=close)


def too_many(retry_after: float = 0.0) -> Reply:
    """429."""
    return Reply(_error("slow down"), 429, {"retry-after": str(retry_after)})


def error(status: int, says: str = "no") -> Reply:
    """Any other error."""
    return Reply(_error(says), status)


def _error(says: str) -> str:
    return json.dumps({"error": {"message": says, "type": "error", "code": None}})


JUNK = "".join(random.Random(0).choices(string.printable, k=200_000))
HANG = Reply(wait=3600.0)
CLOSE = Reply(close=True)
NO_CHOICES = Reply(_completion([]))
NO_TEXT = Reply(_completion([_choice(0, None, "stop", {})]))
NOT_JSON = Reply('{"choices": [{"index": 0, "mess')
CUT_OFF = ok("Half a sen", finish="length")
FILTERED = ok("", finish="content_filter")
REFUSAL = ok("", refusal="I cannot help with that.")


@dataclass
class Server:
    """What it was asked."""

    answer: Answer
    url: str = ""
    """For `api_base`."""
    bodies: list[Body] = field(default_factory=list)
    """Every request, in the order they came."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once there is one."""
    left: int = 0
    """How many streams their reader closed."""
    in_flight: int = 0
    most_in_flight: int = 0
    _seen: Counter[str] = field(default_factory=Counter)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.asked.set()
        key = json.dumps(body, sort_keys=True)
        self._seen[key] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._send(self.answer(body, self._seen[key] - 1), request)
        finally:
            self.in_flight -= 1

    async def _send(self, reply: Reply, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(reply.wait)
        if reply.events is not None:
            return await self._stream(reply.events, request, close=reply.close)
        if reply.close and request.transport is not None:
            request.transport.abort()
        return web.Response(
            text=reply.body,
            status=reply.status,
            headers=reply.headers,
            content_type="application/json",
        )

    async def _stream(
        self, events: Sequence[str], request: web.Request, *, close: bool
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            for event in events:
                await response.write(f"data: {event}\n\n".encode())
                await asyncio.sleep(0.01)  # so that one may be read before the next is sent
        except (asyncio.CancelledError, ConnectionError):
            self.left += 1
            raise
        if close and request.transport is not None:
            request.transport.abort()
        return response


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Server]:
    """A server on a free loopback port."""
    server = Server(answer)
    app = web.Application(client_max_size=2**26)
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/messages"):
        app.router.add_post(path, server.chat)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()
