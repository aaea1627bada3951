"""What servers say to a reply that has been begun, and how it is gone on with."""

import json
from typing import Any

from ponder.models import LiteLLMModel, Message, Step, StepModel
from tests.support.server import Answer, Body, Reply, Server, ok, streamed

ASKED: list[Message] = [{"role": "user", "content": "Count."}]
BEGUN = "one;"
WHOLE: list[Message] = [*ASKED, {"role": "assistant", "content": BEGUN}]


def answered(said: str, finish: str = "stop", *, more: Body | None = None, **choice: Any) -> Reply:
    """A completion with fields that OpenAI's have not."""
    body = json.loads(ok(said, finish=finish).body)
    body["choices"][0] |= choice
    return Reply(json.dumps(body | (more or {})))


def vllm(said: str, reason: str | int | None = ";", finish: str = "stop") -> Reply:
    """What vLLM says."""
    return answered(said, finish, stop_reason=reason)


def llama(said: str, stop_type: str = "word", prompt: str = f"<assistant>{BEGUN}") -> Reply:
    """What llama.cpp says, having been sent BEGUN."""
    verbose = {"content": said, "stop_type": stop_type, "prompt": prompt}
    finish = "length" if stop_type == "limit" else "stop"
    return answered(BEGUN + said, finish, more={"__verbose": verbose})


def always(reply: Reply) -> Answer:
    """The same, whatever is asked."""
    return lambda body, count: reply


def model(server: Server, name: str = "hosted_vllm/x", **options: Any) -> LiteLLMModel:
    """A model of that server's."""
    return LiteLLMModel(name, api_base=server.url, **options)


async def extend(model: StepModel, prefix: str = BEGUN, **asked: Any) -> list[Step]:
    """Steps to the next semicolon."""
    return await model.extend(ASKED, prefix, path="p", **{"stop": [";"], **asked})


async def go_on(model: StepModel, prefix: str = BEGUN, **asked: Any) -> Step:
    """One step to the next semicolon."""
    [step] = await extend(model, prefix, **asked)
    return step


def silent(*parts: str, **ending: Any) -> Answer:
    """A server that tells nothing: the whole, or as it is written."""

    def answer(body: Body, count: int) -> Reply:
        return streamed(*parts, **ending) if body.get("stream") else ok("".join(parts))

    return answer


def counting(answer: Answer, *, trims: bool) -> Answer:
    """A vLLM that says how long a prompt is, by a template that may drop white space."""

    def count(body: Body, count: int) -> Reply:
        if body["messages"][0]["content"] != "a":
            return answer(body, count)
        last = body["messages"][-1]["content"]
        length = len(last.rstrip() if trims else last)
        return answered("a", "length", stop_reason=None, more={"usage": {"prompt_tokens": length}})

    return count
