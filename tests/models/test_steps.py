"""Replies gone on with, step by step, over servers that differ in how they do it and tell of it."""

import asyncio
import json

import pytest

from ponder.errors import (
    InputError,
    ModelRejected,
)
from ponder.models import LiteLLMModel, Message, ScriptedModel
from tests.support.server import (
    Answer,
    Body,
    Reply,
    error,
    ok,
    serving,
    streamed,
    text,
)
from tests.support.stepping import (
    ASKED,
    BEGUN,
    WHOLE,
    always,
    answered,
    counting,
    extend,
    go_on,
    llama,
    model,
    silent,
    vllm,
)

pytestmark = pytest.mark.usefixtures("litellm")

ON = {"continue_final_message": True, "add_generation_prompt": False}
TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"

ENDS = [
    pytest.param(vllm("two"), "step", id="vLLM, a stop string"),
    pytest.param(vllm("two", None), "answer", id="vLLM, the end"),
    pytest.param(vllm("two", 151645), "answer", id="vLLM, a token that ends"),
    pytest.param(vllm("two", None, "length"), "length", id="vLLM, cut off"),
    pytest.param(vllm("two;three", None, "length"), "step", id="vLLM, more than a step"),
    pytest.param(answered("two", matched_stop=";"), "step", id="SGLang, a stop string"),
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

    first = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 3, "stop": [";"]}
    assert server.bodies == [
        {"model": "x", "messages": WHOLE, "verbose": True, **ON, **first},
        {"model": "x", "messages": ASKED, "max_tokens": 7, "stop": [";"]},
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
        said["choices"] = [{**choice, "stop_reason": ";"} for choice in said["choices"]]
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
        return streamed("\n", "\ntw", "o\nthree") if "stream" in body else vllm("", "\n")

    async with serving(counting(answer, trims=True)) as server:
        asked = model(server)
        first, again = [await go_on(asked, "one\n", stop=["\n"]) for _ in range(2)]

    assert (first.text, first.finish, first.usage.calls) == ("two", "step", 4)
    assert (again.text, again.finish, again.usage.calls) == ("two", "step", 1)
    assert server.bodies[-1]["messages"][-1]["content"] == "one"


async def test_a_template_that_keeps_white_space_is_asked_about_once() -> None:
    async with serving(counting(always(vllm("", "\n")), trims=False)) as server:
        asked = model(server)
        steps = [await go_on(asked, "one\n", stop=["\n"]) for _ in range(2)]

    assert [(step.text, step.finish) for step in steps] == [("", "step")] * 2
    assert [step.usage.calls for step in steps] == [3, 1]


async def test_a_llama_cpp_whose_prompt_does_not_end_with_the_prefix_is_of_no_use() -> None:
    async with serving(always(llama("two", prompt="one<|im_end|><assistant>"))) as server:
        with pytest.raises(ModelRejected, match=r"^no steps: nothing .* shows that it went on"):
            await go_on(model(server))


@pytest.mark.parametrize(
    ("parts", "said", "finish"),
    [
        (("tw", "o", ";th", "ree"), "two", "step"),
        (("two;three",), "two", "step"),
        (("two",), "two", "answer"),
        ((), "", "answer"),
        ((";",), "", "step"),
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
    async with serving(silent("two;", *["three "] * 500)) as server:
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


async def test_a_vllm_that_could_not_be_told_to_go_on_did_not() -> None:
    def answer(body: Body, count: int) -> Reply:
        return error(422, "extra inputs") if "continue_final_message" in body else vllm("two")

    async with serving(answer) as server:
        with pytest.raises(ModelRejected, match="nothing in the server's answer shows"):
            await go_on(model(server))

    assert len(server.bodies) == 2


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
        step = await go_on(asked, "one\n", stop=["\n"], max_tokens=9)

    assert (step.text, step.finish, step.usage.calls) == (said, finish, 1)
    assert server.bodies[0]["messages"][-1]["content"][0]["text"] == "one"
    assert step.usage.cost is not None
    assert step.usage.cost > 0


async def test_text_completions_go_on_with_the_template_and_the_prefix() -> None:
    def answer(body: Body, count: int) -> Reply:
        return text("two", stop_reason=";")

    async with serving(answer) as server:
        asked = model(server, template=TEMPLATE)
        steps = [await go_on(asked), *await extend(asked, "", n=2, seed=1)]

    assert {(step.text, step.finish) for step in steps} == {("two", "step")}
    assert server.bodies[0]["prompt"] == "<user>Count.<assistant>one;"
    assert server.bodies[1]["prompt"] == "<user>Count.<assistant>"
    assert server.bodies[0]["add_special_tokens"] is True  # a text alone names no special tokens
    assert server.bodies[0]["stop"] == [";"]


async def test_a_stop_reason_that_may_mean_nothing_is_not_relied_on() -> None:
    def answer(body: Body, count: int) -> Reply:
        return streamed("two", ";three") if "stream" in body else vllm("two", None)

    async with serving(answer) as server:
        step = await go_on(model(server, "openai/x", api_key="k", steps="prefill"))

    assert (step.text, step.finish, step.usage.calls) == ("two", "step", 2)


@pytest.mark.parametrize("name", ["deepseek/deepseek-chat", "mistral/mistral-large-latest"])
async def test_some_providers_want_the_beginning_marked(name: str) -> None:
    async with serving(silent("two", ";three")) as server:
        step = await go_on(model(server, name, api_key="k"))

    assert (step.text, step.finish, step.usage.calls) == ("two", "step", 1)
    assert server.bodies[0]["messages"][-1] == {**WHOLE[-1], "prefix": True}


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
    asked = LiteLLMModel(name, api_key="k", **options)

    for call in (asked.ready(), go_on(asked)):
        with pytest.raises(InputError, match=says):
            await call


async def test_a_scripted_model_goes_on_from_the_prefix_to_the_first_separator() -> None:
    asked: list[list[Message]] = []

    def script(messages: list[Message], path: str, index: int) -> str:
        asked.append(messages)
        return ["two;three", "three", ""][index]

    scripted = ScriptedModel(script)

    steps = await extend(scripted, n=3, seed=4)

    assert [(step.text, step.finish) for step in steps] == [
        ("two", "step"),
        ("three", "answer"),
        ("", "answer"),
    ]
    assert asked[0] == WHOLE
    assert [call.parameters for call in scripted.calls] == [{"seed": 4, "stop": [";"]}] * 3
