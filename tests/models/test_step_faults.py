"""Replies gone on with, over servers that fail."""

import pytest

from ponder.errors import ModelRefused, ModelTimeout, ModelUnavailable
from tests.support.server import (
    CLOSE,
    HANG,
    NO_CHOICES,
    NOT_JSON,
    REFUSAL,
    Answer,
    Body,
    Reply,
    error,
    ok,
    serving,
    streamed,
    too_many,
)
from tests.support.stepping import always, extend, go_on, model, silent, vllm

pytestmark = pytest.mark.usefixtures("litellm")


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
    good = streamed("tw", "o;", "three")

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
