"""LiteLLMModel against a server that does what servers do."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ponder.errors import (
    InputError,
    MissingError,
    ModelRefused,
    ModelRejected,
    ModelTimeout,
    ModelUnavailable,
)
from ponder.models import Completion, LiteLLMModel, Message, Usage
from tests.support.server import (
    CLOSE,
    CUT_OFF,
    FILTERED,
    HANG,
    JUNK,
    NO_CHOICES,
    NO_TEXT,
    NOT_JSON,
    REFUSAL,
    Answer,
    Body,
    Reply,
    Server,
    error,
    ok,
    serving,
    too_many,
)

pytestmark = pytest.mark.usefixtures("litellm")

GOOD = ok("Hello.")
HELLO: list[Message] = [{"role": "user", "content": "Hello?"}]


def model(server: Server, **options: Any) -> LiteLLMModel:
    return LiteLLMModel("hosted_vllm/x", api_base=server.url, **options)


async def ask(model: LiteLLMModel, **asked: Any) -> Completion:
    [reply] = await model.chat(HELLO, path="p", **asked)
    return reply


def always(reply: Reply) -> Answer:
    return lambda body, count: reply


def after(*faults: Reply, reply: Reply = GOOD) -> Answer:
    """Each of the faults in turn, then the reply."""
    return lambda body, count: faults[count] if count < len(faults) else reply


TRANSIENT = [
    pytest.param(too_many(), "429", id="429"),
    pytest.param(error(500), "500", id="500"),
    pytest.param(error(503, "Invalid JSON"), "503", id="503"),
    pytest.param(HANG, "timeout", id="hang"),
    pytest.param(CLOSE, "connection lost", id="close"),
    pytest.param(NO_CHOICES, "empty reply", id="no choices"),
    pytest.param(NO_TEXT, "empty reply", id="no text"),
    pytest.param(NOT_JSON, "not JSON", id="not JSON"),
]


async def test_a_good_reply_has_its_text_and_what_it_cost() -> None:
    async with serving(always(ok("Hello.", wait=0.1))) as server:
        reply = await ask(model(server))

    assert (reply.text, reply.finish, reply.faults) == ("Hello.", "stop", ())
    assert 0.1 <= reply.usage.seconds < 5
    assert replace(reply.usage, seconds=0) == Usage(1, 30, 20, None, 0)


async def test_half_of_a_surrogate_pair_is_replaced() -> None:
    async with serving(always(ok("a\ud800b"))) as server:
        reply = await ask(model(server))

    assert reply.text == "a?b"


async def test_what_is_asked_arrives_and_nothing_else() -> None:
    async with serving(always(GOOD)) as server:
        await ask(
            model(server),
            temperature=0.9,
            top_p=0.95,
            max_tokens=7,
            stop=["\n"],
            seed=3,
            schema=None,
        )

    assert server.bodies == [
        {
            "model": "x",
            "messages": HELLO,
            "temperature": 0.9,
            "top_p": 0.95,
            "max_tokens": 7,
            "stop": ["\n"],
            "seed": 3,
        }
    ]


async def test_claude_is_given_one_way_of_sampling_since_it_refuses_two() -> None:
    async with serving(always(GOOD)) as server:
        claude = LiteLLMModel("hosted_vllm/claude-x", api_base=server.url)
        await ask(claude, temperature=0.9, top_p=0.95)

    assert server.bodies[0]["temperature"] == 0.9
    assert "top_p" not in server.bodies[0]


def patience(fault: Reply) -> float:
    """Seconds to wait for it: few only where waiting is all that will happen."""
    return 0.3 if fault is HANG else 60.0


@pytest.mark.parametrize(("fault", "kind"), TRANSIENT)
async def test_a_transient_fault_is_retried_and_listed(fault: Reply, kind: str) -> None:
    async with serving(after(fault, fault)) as server:
        reply = await ask(model(server, timeout=patience(fault)))

    assert reply.text == "Hello."
    assert [line.partition(":")[0] for line in reply.faults] == [kind, kind]
    assert len(server.bodies) == 3


@pytest.mark.parametrize(("fault", "kind"), TRANSIENT)
async def test_no_more_requests_are_sent_than_attempts(fault: Reply, kind: str) -> None:
    async with serving(always(fault)) as server:
        with pytest.raises(ModelUnavailable, match=f"^{kind}: ") as raised:
            await ask(model(server, attempts=3, timeout=patience(fault)))

    assert len(server.bodies) == 3
    assert [line.partition(":")[0] for line in raised.value.faults] == [kind, kind]
    assert isinstance(raised.value, TimeoutError) == (kind == "timeout")


async def test_faults_are_listed_oldest_first() -> None:
    async with serving(after(too_many(), CLOSE, NOT_JSON, error(500))) as server:
        reply = await ask(model(server))

    kinds = [line.partition(":")[0] for line in reply.faults]
    assert kinds == ["429", "connection lost", "not JSON", "500"]
    assert all("\n" not in line and len(line) < 250 for line in reply.faults)


async def test_a_last_timeout_comes_with_the_other_faults_before_it() -> None:
    async with serving(after(error(500), NO_TEXT, reply=HANG)) as server:
        with pytest.raises(ModelTimeout, match=r"no reply within 0\.5 s") as raised:
            await ask(model(server, attempts=3, timeout=0.5))

    assert [line.partition(":")[0] for line in raised.value.faults] == ["500", "empty reply"]


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with serving(always(GOOD)) as server:
        pass

    with pytest.raises(ModelUnavailable, match=r"^connection lost: "):
        await ask(model(server, attempts=2))


@pytest.mark.parametrize("status", [400, 401, 404, 422])
@pytest.mark.parametrize("says", ["no such parameter", "response_format: invalid JSON schema"])
async def test_a_rejected_request_is_not_sent_again(status: int, says: str) -> None:
    async with serving(always(error(status, says))) as server:
        with pytest.raises(ModelRejected, match=f"^{status}: .*{says}"):
            await ask(model(server))

    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("refusal", "says"), [(REFUSAL, "I cannot help with that"), (FILTERED, "content filter")]
)
async def test_a_refusal_is_not_asked_again(refusal: Reply, says: str) -> None:
    async with serving(after(error(500), reply=refusal)) as server:
        with pytest.raises(ModelRefused, match=f"^refused: .*{says}") as raised:
            await ask(model(server))

    assert len(server.bodies) == 2
    assert [line.partition(":")[0] for line in raised.value.faults] == ["500"]


async def test_a_reply_that_was_cut_off_says_so() -> None:
    async with serving(always(CUT_OFF)) as server:
        reply = await ask(model(server))

    assert (reply.text, reply.finish) == ("Half a sen", "length")


async def test_a_reply_that_was_cut_off_before_its_first_word_is_no_fault() -> None:
    async with serving(always(ok("", finish="length"))) as server:
        reply = await ask(model(server))

    assert (reply.text, reply.finish, reply.faults) == ("", "length", ())


async def test_a_huge_reply_comes_whole() -> None:
    async with serving(always(ok(JUNK))) as server:
        reply = await ask(model(server))

    assert reply.text == JUNK


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_is_given_the_time_it_asks_for(status: int) -> None:
    times: list[float] = []

    def answer(body: Body, count: int) -> Reply:
        times.append(asyncio.get_running_loop().time())
        return Reply("{}", status, {"Retry-After": "0.4"}) if count == 0 else GOOD

    async with serving(answer) as server:
        await ask(model(server))

    assert 0.4 <= times[1] - times[0] < 2


async def test_no_server_is_given_more_time_than_the_longest_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ponder.models.attempts.LONGEST_WAIT", 0.01)
    async with serving(after(too_many(retry_after=3600))) as server:
        async with asyncio.timeout(5):
            reply = await ask(model(server))

    assert len(reply.faults) == 1


async def test_a_backend_is_never_sent_more_at_once_than_its_limit() -> None:
    async with serving(always(ok("Hello.", wait=0.05))) as server:
        models = [model(server, concurrency=3) for _ in range(4)]
        await asyncio.gather(*(ask(one, seed=i) for i in range(5) for one in models))

    assert len(server.bodies) == 20
    assert server.most_in_flight == 3


async def test_a_call_that_waits_to_be_retried_holds_up_no_other() -> None:
    def answer(body: Body, count: int) -> Reply:
        return too_many(retry_after=30) if body["seed"] == 0 else GOOD

    async with serving(answer) as server:
        only = model(server, concurrency=1)
        waiting = asyncio.ensure_future(ask(only, seed=0))
        await server.asked.wait()
        async with asyncio.timeout(5):
            reply = await ask(only, seed=1)
        waiting.cancel()

    assert reply.text == "Hello."


async def test_a_timeout_does_not_count_the_wait_for_a_slot() -> None:
    async with serving(always(ok("Hello.", wait=0.4))) as server:
        only = model(server, concurrency=1, timeout=1.2)
        replies = await asyncio.gather(*(ask(only, seed=i) for i in range(4)))

    assert [reply.faults for reply in replies] == [()] * 4


def choices(body: Body, count: int) -> Reply:
    texts = [f"{body.get('seed')}:{i}" for i in range(body.get("n", 1))]
    return ok(*texts)


async def test_several_samples_are_one_request_where_the_server_takes_n() -> None:
    async with serving(choices) as server:
        replies = await model(server).chat(HELLO, path="p", n=3, seed=5)

    assert [body["n"] for body in server.bodies] == [3]
    assert [reply.text for reply in replies] == ["5:0", "5:1", "5:2"]
    assert [reply.usage.calls for reply in replies] == [1, 0, 0]
    assert sum(reply.usage.completion_tokens for reply in replies) == 20


async def test_several_samples_are_as_many_requests_where_it_does_not() -> None:
    async with serving(choices) as server:
        replies = await model(server, one_choice=True).chat(HELLO, path="p", n=3, seed=5)

    assert sorted(body["seed"] for body in server.bodies) == [5, 6, 7]
    assert not any("n" in body for body in server.bodies)
    assert [reply.text for reply in replies] == ["5:0", "6:0", "7:0"]
    assert [reply.usage.calls for reply in replies] == [1, 1, 1]


def refuse(*seeds: int) -> Answer:
    return lambda body, count: REFUSAL if body["seed"] in seeds else choices(body, count)


async def test_a_sample_that_fails_does_not_take_the_others_with_it() -> None:
    async with serving(refuse(6)) as server:
        replies = await model(server, one_choice=True).chat(HELLO, path="p", n=3, seed=5)

    assert [reply.text for reply in replies] == ["5:0", "7:0"]


async def test_samples_that_all_fail_are_an_error() -> None:
    async with serving(refuse(5, 6, 7)) as server:
        with pytest.raises(ModelRefused):
            await model(server, one_choice=True).chat(HELLO, path="p", n=3, seed=5)


async def test_a_schema_arrives_as_a_response_format() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    async with serving(always(ok('{"a": ""}'))) as server:
        asked = model(server)
        await ask(asked, schema=schema)

    assert asked.supports_schema
    assert server.bodies[0]["response_format"]["type"] == "json_schema"
    assert server.bodies[0]["response_format"]["json_schema"]["schema"] == schema


async def test_nothing_is_cached() -> None:
    async with serving(lambda body, count: ok(str(count))) as server:
        asked = model(server)
        replies = [await ask(asked, seed=1, temperature=0.0) for _ in range(2)]

    assert server.bodies[0] == server.bodies[1]
    assert [reply.text for reply in replies] == ["0", "1"]


async def test_a_call_that_is_cancelled_is_not_retried_and_gives_its_slot_back() -> None:
    async with serving(after(HANG)) as server:
        only = model(server, concurrency=1)
        call = asyncio.ensure_future(ask(only))
        await server.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(5):
            reply = await ask(only)

    assert reply.text == "Hello."
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("name", "hint"),
    [("antropic/claude", "did you mean anthropic"), ("nonsense/x", "provider/model"), ("x", "")],
)
async def test_an_unknown_provider_is_the_callers_fault(name: str, hint: str) -> None:
    with pytest.raises(InputError, match=f"model '{name}': .*{hint}"):
        await LiteLLMModel(name).ready()


async def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    needy = LiteLLMModel("anthropic/claude-sonnet-4-5")

    with pytest.raises(MissingError, match="set ANTHROPIC_API_KEY in the environment"):
        await needy.ready()


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ({"api_key": "k"}, {}),
        ({"api_base": "http://127.0.0.1:1"}, {}),
        ({}, {"ANTHROPIC_API_KEY": "k"}),
    ],
)
async def test_a_key_or_a_server_of_ones_own_makes_it_ready(
    options: dict[str, Any], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    await LiteLLMModel("anthropic/claude-sonnet-4-5", **options).ready()


@pytest.mark.parametrize("name", ["hosted_vllm/x", "ollama/qwen2.5-coder:7b"])
async def test_a_server_of_ones_own_needs_no_key(name: str) -> None:
    await LiteLLMModel(name).ready()


def test_a_price_is_known_or_none_or_nothing() -> None:
    known = LiteLLMModel("anthropic/claude-sonnet-4-5").price(1_000_000, 0)

    assert known is not None
    assert known > 0
    assert LiteLLMModel("hosted_vllm/x").price(1, 1) is None
    assert LiteLLMModel("hosted_vllm/x", free=True).price(1, 1) == 0.0
