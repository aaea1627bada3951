"""Replies gone on with, step by step, over servers that differ in how they do it and tell of it."""

import asyncio
import json
from typing import Any

import pytest

from ponder.errors import (
    InputError,
    ModelRefused,
    ModelRejected,
    ModelTimeout,
    ModelUnavailable,
)
from ponder.models import EmbeddedModel, LiteLLMModel, Message, ScriptedModel, Step, StepModel
from tests.support.server import (
    CLOSE,
    HANG,
    NO_CHOICES,
    NOT_JSON,
    REFUSAL,
    Answer,
    Body,
    Reply,
    Server,
    error,
    ok,
    serving,
    streamed,
    text,
    too_many,
)

pytestmark = pytest.mark.usefixtures("litellm")

ASKED: list[Message] = [{"role": "user", "content": "Count."}]
BEGUN = "one\n"
WHOLE: list[Message] = [*ASKED, {"role": "assistant", "content": BEGUN}]
ON = {"continue_final_message": True, "add_generation_prompt": False}
TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"


def answered(said: str, finish: str = "stop", *, more: Body | None = None, **choice: Any) -> Reply:
    """A completion with fields that OpenAI's have not."""
    body = json.loads(ok(said, finish=finish).body)
    body["choices"][0] |= choice
    return Reply(json.dumps(body | (more or {})))


def vllm(said: str, reason: str | int | None = "\n", finish: str = "stop") -> Reply:
    return answered(said, finish, stop_reason=reason)


def llama(said: str, stop_type: str = "word", prompt: str = f"<assistant>{BEGUN}") -> Reply:
    verbose = {"content": said, "stop_type": stop_type, "prompt": prompt}
    finish = "length" if stop_type == "limit" else "stop"
    return answered(BEGUN + said, finish, more={"__verbose": verbose})


def always(reply: Reply) -> Answer:
    return lambda body, count: reply


def model(server: Server, name: str = "hosted_vllm/x", **options: Any) -> LiteLLMModel:
    return LiteLLMModel(name, api_base=server.url, **options)


async def extend(model: StepModel, prefix: str = BEGUN, **asked: Any) -> list[Step]:
    return await model.extend(ASKED, prefix, path="p", **{"stop": ["\n"], **asked})


async def go_on(model: StepModel, prefix: str = BEGUN, **asked: Any) -> Step:
    [step] = await extend(model, prefix, **asked)
    return step


ENDS = [
    pytest.param(vllm("two"), "step", id="vLLM, a stop string"),
    pytest.param(vllm("two", None), "answer", id="vLLM, the end"),
    pytest.param(vllm("two", 151645), "answer", id="vLLM, a token that ends"),
    pytest.param(vllm("two", None, "length"), "length", id="vLLM, cut off"),
    pytest.param(vllm("two\nthree", None, "length"), "step", id="vLLM, more than a step"),
    pytest.param(answered("two", matched_stop="\n"), "step", id="SGLang, a stop string"),
    pytest.param(answered("two", matched_stop=2), "answer", id="SGLang, the end"),
    pytest.param(llama("two"), "step", id="llama.cpp, a stop string"),
    pytest.param(llama("two", "eos"), "answer", id="llama.cpp, the end"),
    pytest.param(llama("two", "limit"), "length", id="llama.cpp, cut off"),
]


@pytest.mark.parametrize(("reply", "finish"), ENDS)
@pytest.mark.parametrize("name", ["hosted_vllm/x", "openai/x"])
async def test_what_ended_a_step_is_told_by_the_server(
    reply: Reply, finish: str, name: str
) -> None:
    named = json.loads(reply.body) | {"prompt_logprobs": None}
    async with serving(always(Reply(json.dumps(named)))) as server:
        step = await go_on(model(server, name, api_key="k"))

    assert (step.text, step.finish, step.faults) == ("two", finish, ())
    assert (step.usage.calls, step.usage.tokens) == (1, 50)
    assert len(server.bodies) == 1


async def test_what_is_asked_arrives_and_nothing_else() -> None:
    async with serving(always(vllm("two"))) as server:
        asked = model(server)
        await go_on(asked, temperature=0.5, top_p=0.9, max_tokens=7, seed=3)
        await go_on(asked, "", max_tokens=7)

    first = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 3, "stop": ["\n"]}
    assert server.bodies == [
        {"model": "x", "messages": WHOLE, "verbose": True, **ON, **first},
        {"model": "x", "messages": ASKED, "max_tokens": 7, "stop": ["\n"]},
    ]


@pytest.mark.parametrize("reply", [vllm("", None), llama("", "eos")])
async def test_a_reply_that_ends_at_once_is_an_answer_and_no_fault(reply: Reply) -> None:
    async with serving(always(reply)) as server:
        step = await go_on(model(server))

    assert (step.text, step.finish, step.faults) == ("", "answer", ())


async def test_a_step_may_be_empty() -> None:
    async with serving(always(llama(""))) as server:
        step = await go_on(model(server))

    assert (step.text, step.finish) == ("", "step")


async def test_a_sample_has_a_seed_of_its_own_whether_it_is_a_request_or_a_choice() -> None:
    def answer(body: Body, count: int) -> Reply:
        said = json.loads(ok(*(f"{body['seed'] + i}" for i in range(body.get("n", 1)))).body)
        said["choices"] = [{**choice, "stop_reason": "\n"} for choice in said["choices"]]
        return Reply(json.dumps(said))

    async with serving(answer) as server:
        asked = model(server)
        before = await extend(asked, n=3, seed=5)
        after = await extend(asked, n=3, seed=5)

    assert [step.text for step in before] == [step.text for step in after] == ["5", "6", "7"]
    assert [step.usage.calls for step in (*before, *after)] == [1, 1, 1, 1, 0, 0]
    assert [(body["seed"], body.get("n")) for body in server.bodies[-1:]] == [(5, 3)]


async def test_a_template_that_drops_white_space_is_found_out_and_got_round() -> None:
    def answer(body: Body, count: int) -> Reply:
        if "prompt_logprobs" in body:
            tokens = [None, {"7": {"decoded_token": "one", "logprob": -1.0}}]
            return answered("\n", "length", stop_reason=None, more={"prompt_logprobs": tokens})
        return streamed("\n", "\ntw", "o\nthree") if "stream" in body else vllm("")

    async with serving(answer) as server:
        asked = model(server)
        step = await go_on(asked)
        again = await go_on(asked)

    assert (step.text, step.finish, step.usage.calls) == ("two", "step", 3)
    assert (again.text, again.finish, again.usage.calls) == ("two", "step", 1)
    assert server.bodies[-1]["messages"][-1]["content"] == "one"


async def test_a_template_that_keeps_white_space_is_asked_about_once() -> None:
    def answer(body: Body, count: int) -> Reply:
        tokens = [{"7": {"decoded_token": "one"}}, {"8": {"decoded_token": "\n"}}]
        more = {"prompt_logprobs": tokens} if "prompt_logprobs" in body else None
        return answered("", stop_reason="\n", more=more)

    async with serving(answer) as server:
        asked = model(server)
        steps = [await go_on(asked) for _ in range(2)]

    assert [(step.text, step.finish, step.usage.calls) for step in steps] == [
        ("", "step", 2),
        ("", "step", 1),
    ]


async def test_a_llama_cpp_whose_prompt_does_not_end_with_the_prefix_is_of_no_use() -> None:
    async with serving(always(llama("two", prompt="one<|im_end|><assistant>"))) as server:
        with pytest.raises(ModelRejected, match=r"^no steps: nothing .* shows that it went on"):
            await go_on(model(server))


SILENT = ["hosted_vllm/x", "openai/x", "ollama_chat/x"]


def silent(*parts: str, **ending: Any) -> Answer:
    """A server that tells nothing: the whole, or as it is written."""

    def answer(body: Body, count: int) -> Reply:
        return streamed(*parts, **ending) if body.get("stream") else ok("".join(parts))

    return answer


@pytest.mark.parametrize(
    ("parts", "said", "finish"),
    [
        (("tw", "o", "\nth", "ree"), "two", "step"),
        (("two\nthree",), "two", "step"),
        (("two",), "two", "answer"),
        ((), "", "answer"),
        (("\n",), "", "step"),
    ],
)
async def test_a_server_that_tells_nothing_is_read_as_it_writes(
    parts: tuple[str, ...], said: str, finish: str
) -> None:
    async with serving(silent(*parts)) as server:
        asked = model(server, steps="prefill")
        await go_on(asked)
        step = await go_on(asked)

    assert (step.text, step.finish, step.usage.calls) == (said, finish, 1)
    assert server.bodies[-1]["stream"]
    assert "stop" not in server.bodies[-1]
    assert server.bodies[-1]["messages"] == WHOLE


async def test_a_stop_string_is_found_across_the_parts_of_a_stream() -> None:
    async with serving(silent("two<", "/ste", "p>three")) as server:
        asked = model(server, steps="prefill")
        await go_on(asked, stop=["</step>", "</answer>"])
        step = await go_on(asked, stop=["</step>", "</answer>"])

    assert (step.text, step.finish) == ("two", "step")


async def test_a_stream_is_closed_where_the_step_ends() -> None:
    async with serving(silent("two\n", *["three "] * 500)) as server:
        asked = model(server, steps="prefill")
        await go_on(asked)
        await go_on(asked)
        await asyncio.sleep(0.1)

    assert server.left == 1
    assert server.in_flight == 0


async def test_what_it_cost_to_find_out_that_a_server_tells_nothing_is_counted() -> None:
    async with serving(silent("two", finish="length")) as server:
        asked = model(server, steps="prefill")
        first = await go_on(asked)
        second = await go_on(asked)

    assert (first.text, first.finish) == (second.text, second.finish) == ("two", "length")
    assert [first.usage.calls, second.usage.calls] == [2, 1]
    assert first.usage.completion_tokens > 20


@pytest.mark.parametrize("prefix", ["", BEGUN])
async def test_a_server_that_tells_nothing_must_be_said_to_go_on(prefix: str) -> None:
    async with serving(silent("two")) as server:
        asked = model(server)
        for _ in range(2):
            with pytest.raises(ModelRejected, match=r'no steps: .*steps="prefill".*template='):
                await go_on(asked, prefix)

    assert len(server.bodies) <= 2


@pytest.mark.parametrize("name", ["openai/gpt-4o", "anthropic/claude-sonnet-5", "ollama_chat/x"])
async def test_a_provider_of_which_it_is_not_known_is_not_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_BASE", raising=False)

    with pytest.raises(ModelRejected, match="no steps: it is not known that"):
        await go_on(LiteLLMModel(name, api_key="k"))


async def test_a_server_that_refuses_what_openai_does_not_have_is_asked_without_it() -> None:
    def answer(body: Body, count: int) -> Reply:
        return (
            error(422, "verbose: extra inputs are not permitted")
            if "verbose" in body
            else (streamed("two") if "stream" in body else ok("two"))
        )

    async with serving(answer) as server:
        asked = model(server, "openai/x", api_key="k", steps="prefill")
        steps = [await go_on(asked) for _ in range(2)]

    assert [(step.text, step.finish) for step in steps] == [("two", "answer")] * 2
    assert "continue_final_message" not in server.bodies[-1]


def claude(*parts: str) -> Answer:
    """Anthropic's own API."""
    start = {"id": "m", "role": "assistant", "model": "x", "content": [], "usage": {}}
    events: list[Body] = [{"type": "message_start", "message": start}]
    events += [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}}
        for part in parts
    ]
    usage = {"input_tokens": 3, "output_tokens": 2}
    events.append({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage})
    events.append({"type": "message_stop"})
    return always(Reply(events=tuple(map(json.dumps, events))))


@pytest.mark.parametrize(
    ("parts", "said", "finish"),
    [(("\n", "\ntwo", "\nthree"), "two", "step"), (("two",), "two", "answer")],
)
async def test_claude_is_given_no_white_space_at_the_end_and_what_it_adds_of_it_is_dropped(
    parts: tuple[str, ...], said: str, finish: str
) -> None:
    async with serving(claude(*parts)) as server:
        base = server.url.removesuffix("/v1")
        asked = LiteLLMModel("anthropic/claude-haiku-4-5", api_base=base, api_key="k")
        step = await go_on(asked, max_tokens=9)

    assert (step.text, step.finish, step.usage.calls) == (said, finish, 1)
    assert server.bodies[0]["messages"][-1]["content"][0]["text"] == "one"
    assert step.usage.cost is not None
    assert step.usage.cost > 0


async def test_text_completions_go_on_with_the_template_and_the_prefix() -> None:
    def answer(body: Body, count: int) -> Reply:
        return text("two", stop_reason="\n")

    async with serving(answer) as server:
        asked = model(server, template=TEMPLATE)
        steps = [await go_on(asked), *await extend(asked, "", n=2, seed=1)]

    assert {(step.text, step.finish) for step in steps} == {("two", "step")}
    assert server.bodies[0]["prompt"] == "<user>Count.<assistant>one\n"
    assert server.bodies[1]["prompt"] == "<user>Count.<assistant>"
    assert server.bodies[0]["add_special_tokens"] is True  # a text alone names no special tokens
    assert server.bodies[0]["stop"] == ["\n"]


async def test_text_completions_that_do_not_tell_are_not_used() -> None:
    async with serving(always(text("two"))) as server:
        with pytest.raises(ModelRejected, match="does not say what ends its text completions"):
            await go_on(model(server, template=TEMPLATE))


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("hosted_vllm/x", {"steps": "completions"}, "needs template="),
        ("anthropic/claude-haiku-4-5", {"template": TEMPLATE}, "a server of your own"),
    ],
)
async def test_a_way_that_a_model_cannot_go_is_the_callers_fault(
    name: str, options: Body, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        await go_on(LiteLLMModel(name, **options))


TRANSIENT = [
    pytest.param(too_many(), "429", id="429"),
    pytest.param(error(500), "500", id="500"),
    pytest.param(HANG, "timeout", id="hang"),
    pytest.param(CLOSE, "connection lost", id="close"),
    pytest.param(NO_CHOICES, "empty reply", id="no choices"),
    pytest.param(NOT_JSON, "not JSON", id="not JSON"),
]
HALVES = [
    pytest.param(streamed("tw", finish=None), "connection lost", id="half a stream"),
    pytest.param(streamed("tw", finish=None, close=True), "connection lost", id="a stream lost"),
    pytest.param(too_many(), "429", id="429"),
    pytest.param(error(500), "500", id="500"),
    pytest.param(HANG, "timeout", id="hang"),
]


def failing(fault: Reply, reply: Reply, times: int = 2) -> Answer:
    return lambda body, count: fault if count < times else reply


def patience(fault: Reply) -> float:
    return 0.3 if fault is HANG else 60.0


@pytest.mark.parametrize(("fault", "kind"), TRANSIENT)
async def test_a_transient_fault_is_retried_and_listed(fault: Reply, kind: str) -> None:
    async with serving(failing(fault, vllm("two"))) as server:
        step = await go_on(model(server, timeout=patience(fault)))

    assert (step.text, step.finish) == ("two", "step")
    assert [line.partition(":")[0] for line in step.faults] == [kind, kind]
    assert len(server.bodies) == 3


async def test_a_stream_is_never_taken_for_whole_when_it_is_not() -> None:
    async with serving(silent("two", finish=None)) as server:
        with pytest.raises(ModelUnavailable, match="the stream ended before the reply did"):
            await go_on(model(server, steps="prefill", attempts=2))


@pytest.mark.parametrize(("fault", "kind"), HALVES)
async def test_a_fault_of_a_stream_is_retried_and_listed(fault: Reply, kind: str) -> None:
    good = streamed("tw", "o\n", "three")

    def answer(body: Body, count: int) -> Reply:
        return (fault if count < 2 else good) if "stream" in body else ok("two")

    async with serving(answer) as server:
        step = await go_on(model(server, steps="prefill", timeout=patience(fault)))

    assert (step.text, step.finish) == ("two", "step")
    assert [line.partition(":")[0] for line in step.faults] == [kind, kind]


async def test_a_hang_ends_at_its_time() -> None:
    async with serving(always(HANG)) as server:
        with pytest.raises(ModelTimeout):
            await go_on(model(server, timeout=0.2, attempts=1))


async def test_a_refusal_is_not_asked_again() -> None:
    async with serving(always(REFUSAL)) as server:
        with pytest.raises(ModelRefused):
            await go_on(model(server))

    assert len(server.bodies) == 1


async def test_a_sample_that_fails_does_not_take_the_others_with_it() -> None:
    async with serving(
        lambda body, count: REFUSAL if body["seed"] == 6 else vllm(f"{body['seed']}")
    ) as server:
        steps = await extend(model(server), n=3, seed=5)

    assert [step.text for step in steps] == ["5", "7"]


async def test_a_scripted_model_goes_on_from_the_prefix_to_the_first_separator() -> None:
    asked: list[list[Message]] = []

    def script(messages: list[Message], path: str, index: int) -> str:
        asked.append(messages)
        return ["two\nthree", "three", ""][index]

    scripted = ScriptedModel(script)

    steps = await extend(scripted, n=3, seed=4)

    assert [(step.text, step.finish) for step in steps] == [
        ("two", "step"),
        ("three", "answer"),
        ("", "answer"),
    ]
    assert asked[0] == WHOLE
    assert [call.parameters for call in scripted.calls] == [{"seed": 4, "stop": ["\n"]}] * 3


async def by_steps(model: StepModel, messages: list[Message], stop: str) -> tuple[str, list[str]]:
    """What the model writes, and what ended each of its steps."""
    written, finishes = "", ["step"]
    while finishes[-1] == "step" and len(finishes) < 10:
        [step] = await model.extend(
            messages, written, path="p", stop=[stop], temperature=0.0, max_tokens=100
        )
        written += step.text + (stop if step.finish == "step" else "")
        finishes.append(step.finish)
    return written, finishes[1:]


# Not for every reply: a prefix is sent as text, and read in other tokens than the model wrote where
# it put two line breaks in a row, or where a separator ends with the space that begins a word.
@pytest.mark.model
@pytest.mark.parametrize("ask", ["Name three colours, one a line.", "Name three fruits."])
async def test_a_reply_written_step_by_step_is_the_one_written_at_once(ask: str) -> None:
    embedded = EmbeddedModel("embedded/smollm2-135m")
    messages: list[Message] = [{"role": "user", "content": ask}]
    [whole] = await embedded.chat(messages, path="p", temperature=0.0, max_tokens=100)

    written, finishes = await by_steps(embedded, messages, "\n")

    assert written == whole.text
    assert finishes == ["step"] * (len(finishes) - 1) + ["answer"]
    assert len(finishes) > 1


@pytest.mark.model
async def test_samples_of_a_step_are_the_same_for_the_same_seed() -> None:
    embedded = EmbeddedModel("embedded/smollm2-135m")

    once, again = [
        await extend(embedded, n=3, seed=2, temperature=1.0, max_tokens=12) for _ in range(2)
    ]

    assert [step.text for step in once] == [step.text for step in again]
    assert len({step.text for step in once}) > 1
    assert all(step.usage.cost == 0.0 for step in once)
