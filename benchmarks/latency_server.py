"""An OpenAI-compatible server with log-normal latency, for the benchmarks and the kill tests.

Answers every prompt of ours with something of the right shape (`--n1` observations at the root,
`--m` below; 2 to every question), takes as long as a log-normal draw that depends on the request
alone, and appends one JSON line per request to `--record` when it is answered. Prints its port when
it listens.
"""

import argparse
import asyncio
import hashlib
import json
import math
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TextIO

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.Response]]


def reply_to(messages: list[dict[str, str]], token: str, n1: int, m: int) -> str:
    """What a diligent model would say. `token` makes every reply its own."""
    first, last = messages[:2][-1]["content"], messages[-1]["content"]
    if "Python list of strings" in last:
        count = n1 if "Observation 1:" in first else m
        return json.dumps([f"Observation {i} of {token}." for i in range(1, count + 1)])
    if "one fenced block" in last:
        return f"```python\ndef solve(x):\n    return x  # {token}\n```"
    if "\\boxed{}" in messages[0]["content"]:
        return f"Thoughts on {token}.\n\nSo it is \\boxed{{2}}."
    if "Yes or No" in last:
        return "Yes"
    return f"Thoughts on {token}. " + "Some more words to fill a paragraph. " * 20


def latency(token: str, median: float, sigma: float) -> float:
    """Seconds; the same for the same request."""
    return median * math.exp(random.Random(token).gauss(0.0, sigma))


def handler(options: argparse.Namespace, record: TextIO) -> Handler:
    """Answer after the request's own latency, and record both."""

    async def chat(request: web.Request) -> web.Response:
        came = time.time()
        body = await request.json()
        asked = json.dumps([body["messages"], body.get("seed")])
        token = hashlib.sha256(asked.encode()).hexdigest()[:12]
        wait = latency(token, options.median, options.sigma)
        if options.arrivals:
            record.write(json.dumps({"token": token, "came": came}) + "\n")
        await asyncio.sleep(wait)
        text = reply_to(body["messages"], token, options.n1, options.m)
        line = {"token": token, "seed": body.get("seed"), "latency": wait, "left": time.time()}
        record.write(json.dumps(line) + "\n")
        return web.json_response(completion(text))

    return chat


def completion(text: str) -> dict[str, object]:
    """A reply in OpenAI's shape."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "bench",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 200, "total_tokens": 500},
    }


async def serve(options: argparse.Namespace, record: TextIO) -> None:
    """Listen on a free loopback port until killed."""
    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/chat/completions", handler(options, record))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    # Ends with whoever started it: its standard input is closed then.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--median", type=float, default=0.5)
    parser.add_argument("--sigma", type=float, default=1.0)
    parser.add_argument("--n1", type=int, default=5)
    parser.add_argument("--m", type=int, default=4)
    parser.add_argument("--record")
    parser.add_argument("--arrivals", action="store_true", help="record requests as they come, too")
    options = parser.parse_args()
    with Path(options.record or os.devnull).open("a", buffering=1) as record:
        asyncio.run(serve(options, record))


if __name__ == "__main__":
    main()
