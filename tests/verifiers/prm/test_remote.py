"""Reward models behind HTTP, against a server that answers as vLLM's documentation says."""

import asyncio
import math
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from ponder.errors import InputError, MissingError
from ponder.tasks import MathTask
from ponder.verifiers.base import StepVerifier
from ponder.verifiers.prm import PROCESS, Tokens, remote
from ponder.verifiers.prm.remote import RemoteRewardModel
from tests.verifiers.prm.tiny import byte_level

TASK = MathTask("t", "What is two and three?")
QWEN = PROCESS["qwen2.5-math-prm"]
Answer = Callable[[dict[str, Any], int], Any]
"""What the server says to a request, given how many came before: data, or a whole response."""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_WAIT", 0.001)


@asynccontextmanager
async def serving(
    answer: Answer, models: Sequence[str] = ("served-name",)
) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    bodies: list[dict[str, Any]] = []

    async def pooling(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        bodies.append(body)
        said = answer(body | {"key": request.headers.get("authorization")}, len(bodies) - 1)
        if isinstance(said, web.StreamResponse):
            return said
        data = [{"index": 0, "object": "pooling", "data": said}]
        return web.json_response({"id": "p", "object": "list", "model": "m", "data": data})

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": name} for name in models]})

    app = web.Application()
    app.router.add_post("/pooling", pooling)
    app.router.add_get("/v1/models", listed)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}", bodies
    finally:
        await runner.cleanup()


def tags(body: dict[str, Any]) -> list[int]:
    tag = Tokens(byte_level()).one("<extra_0>", "")
    return [at for at, id in enumerate(body["input"]) if id == tag]


def model_at(url: str, **settings: Any) -> RemoteRewardModel:
    return RemoteRewardModel(url, settings.pop("form", QWEN), byte_level(), **settings)


async def test_rows_for_each_step_are_its_scores() -> None:
    shares = [[0.1, 0.9], [0.25, 0.75]]
    async with serving(lambda body, count: shares[: len(tags(body))]) as (url, bodies):
        model = model_at(url)

        one, two = await model.judge_steps(TASK, [("a",), ("a", "b")])

    assert isinstance(model, StepVerifier)
    assert one.steps == pytest.approx((0.9,))
    assert two.score == pytest.approx(0.9 * 0.75)
    sent = next(body for body in bodies if len(tags(body)) == 2)
    assert sent["input"] == list(QWEN.render(Tokens(byte_level()), TASK.question, "ab").ids)
    assert sent["model"] == "served-name"
    assert (sent["task"], sent["use_activation"]) == ("token_classify", False)
    assert two.usage.prompt_tokens == len(sent["input"])


async def test_rows_for_each_token_are_read_at_the_tags() -> None:
    def answer(body: dict[str, Any], count: int) -> list[list[float]]:
        rows = [[9.0, -9.0] for _ in body["input"]]
        for at in tags(body):
            rows[at] = [0.0, math.log(3)]
        return rows

    async with serving(answer) as (url, _):
        (verdict,) = await model_at(url).judge_steps(TASK, [("a", "b")])

    assert verdict.steps == pytest.approx((0.75, 0.75))


async def test_a_share_that_underflowed_is_a_score() -> None:
    async with serving(lambda body, count: [[1.0, 0.0]]) as (url, _):
        (verdict,) = await model_at(url).judge_steps(TASK, [("a",)])

    assert verdict.steps == (0.0,)


@pytest.mark.parametrize("nested", [True, False])
async def test_values_come_nested_or_flat(nested: bool) -> None:
    values = [0.0, math.log(3)]

    async with serving(lambda body, count: [[v] for v in values] if nested else values) as (url, _):
        (verdict,) = await model_at(url, form=PROCESS["skywork"]).judge_steps(TASK, [("a", "b")])

    assert verdict.steps == pytest.approx((0.5, 0.75))


async def test_a_server_that_gives_sigmoids_can_be_told_of() -> None:
    async with serving(lambda body, count: [[0.25], [1.0]]) as (url, _):
        model = model_at(url, form=PROCESS["skywork"], activated=True)
        (verdict,) = await model.judge_steps(TASK, [("a", "b")])

    assert verdict.steps == pytest.approx((0.25, 1.0))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([[0.1, 0.9]], r"gave 1 rows for 2 steps and \d+ tokens"),
        ([[0.5] * 64] * 2, "rows of 64 numbers, not 2: is the model served as a reward model"),
        ([], "no rows of numbers"),
        ("base64==", "no rows of numbers"),
        ([[0.1, 0.9], [0.5]], "rows of different lengths"),
        ([[0.1, 0.9], [None, 0.5]], "what is no number"),
        ([[0.1, 0.9], [math.nan, 0.5]], "gave nan for step 2"),
        (web.json_response({"data": []}), r"no data\[0\]\.data"),
        (web.json_response([1]), r"no data\[0\]\.data"),
        (web.Response(text="<html>"), "is no JSON"),
    ],
)
async def test_what_is_not_one_row_a_step_is_no_score(data: Any, reason: str) -> None:
    async with serving(lambda body, count: data) as (url, _):
        (verdict,) = await model_at(url).judge_steps(TASK, [("a", "b")])

    assert verdict.score is None
    assert verdict.steps == ()
    assert re.search(reason, verdict.reason)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_server_is_asked_again(status: int) -> None:
    def answer(body: dict[str, Any], count: int) -> Any:
        if count < 2:
            return web.json_response({"error": "busy"}, status=status, headers={"Retry-After": "0"})
        return [[0.1, 0.9]]

    async with serving(answer) as (url, bodies):
        (verdict,) = await model_at(url).judge_steps(TASK, [("a",)])

    assert verdict.score == pytest.approx(0.9)
    assert len(bodies) == 3


async def test_it_is_not_asked_for_ever() -> None:
    def answer(body: dict[str, Any], count: int) -> Any:
        return web.json_response({"error": {"message": "overloaded\nreally"}}, status=503)

    async with serving(answer) as (url, bodies):
        (verdict,) = await model_at(url, attempts=3).judge_steps(TASK, [("a",)])

    assert verdict.reason == f"{url}: 503: overloaded really"
    assert len(bodies) == 3


async def test_a_refused_request_is_not_repeated_and_costs_only_itself() -> None:
    def answer(body: dict[str, Any], count: int) -> Any:
        if len(tags(body)) > 1:
            return web.json_response({"error": {"message": "too long"}}, status=400)
        return [[0.1, 0.9]]

    async with serving(answer) as (url, bodies):
        long, short = await model_at(url).judge_steps(TASK, [("a", "b"), ("c",)])

    assert long.reason == f"{url}: 400: too long"
    assert short.score == pytest.approx(0.9)
    assert len(bodies) == 2


async def test_no_server_is_a_reason() -> None:
    (verdict,) = await model_at("http://127.0.0.1:9", model="m", attempts=2).judge_steps(
        TASK, [("a",)]
    )

    assert verdict.reason.startswith("http://127.0.0.1:9: ConnectError")


async def test_a_server_that_hangs_is_a_reason() -> None:
    release = asyncio.Event()

    class Hanging(web.Response):
        async def prepare(self, request: web.BaseRequest) -> Any:
            await release.wait()
            return await super().prepare(request)

    async with serving(lambda body, count: Hanging()) as (url, _):
        model = model_at(url, timeout=0.05, attempts=2)
        (verdict,) = await model.judge_steps(TASK, [("a",)])
        release.set()

    assert verdict.reason == f"{url}: no answer within 0.05 s"


async def test_a_key_is_sent_with_every_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTED_VLLM_API_KEY", "secret")
    keys = []

    def answer(body: dict[str, Any], count: int) -> list[list[float]]:
        keys.append(body["key"])
        return [[0.1, 0.9]]

    async with serving(answer) as (url, _):
        await model_at(url).judge_steps(TASK, [("a",)])

    assert keys == ["Bearer secret"]


async def test_a_server_without_a_model_is_a_reason() -> None:
    async with serving(lambda body, count: [], models=[]) as (url, bodies):
        verdicts = await model_at(url).judge_steps(TASK, [("a",), ("b",)])

    assert {verdict.reason for verdict in verdicts} == {f"{url} serves no model"}
    assert bodies == []


async def test_the_same_solution_is_asked_for_once() -> None:
    async with serving(lambda body, count: [[0.1, 0.9]]) as (url, bodies):
        verdicts = await model_at(url).judge_steps(TASK, [("a",), ("a",), ()])

    assert len(bodies) == 1
    assert sum(v.usage.prompt_tokens for v in verdicts) == len(bodies[0]["input"])
    assert verdicts[2].reason == "there are no steps to score"


async def test_a_text_is_split_into_its_steps() -> None:
    async with serving(lambda body, count: [[0.1, 0.9]] * len(tags(body))) as (url, _):
        (verdict,) = await model_at(f"{url}/v1/").judge(TASK, ["a\n\nb\n\n"])

    assert len(verdict.steps) == 2


@pytest.mark.parametrize("name", ["math-shepherd", "rlhflow", "er-prm", "openr"])
def test_a_language_models_head_is_not_read_over_http(name: str) -> None:
    with pytest.raises(InputError, match="vllm#16545"):
        model_at("http://x", form=PROCESS[name])


def test_an_address_is_one() -> None:
    with pytest.raises(InputError, match="must begin with http://"):
        model_at("localhost:8000")


async def test_a_tokenizer_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    model = RemoteRewardModel("http://x", QWEN, "./no-such-folder")

    with pytest.raises(MissingError, match="name its folder"):
        await model.ready()
