"""LiteLLM's callbacks, on real calls to a server of ours."""

import asyncio
import logging
import time
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.util._once import Once

from ponder.errors import InputError, MissingError
from ponder.graphs import best_of_n, repeated_sampling
from ponder.models import LiteLLMModel, Message, callbacks, disconnect, use_callbacks
from ponder.models.origin import Origin, calls_from
from ponder.nodes import Context
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import MathTask
from tests.support.plans import TASK
from tests.support.server import Server, ok, serving, too_many
from tests.support.spans import Collector, Traced, collector, number, parent, told, traced

__all__ = ["collector", "traced"]

HELLO: list[Message] = [{"role": "user", "content": "Hello?"}]
PLAN = Origin("4f", "plan_search", "double", "plan", "0" * 32)


@pytest.fixture
async def litellm(litellm: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """LiteLLM without callbacks, before the test and after it."""
    for name in callbacks.LISTS:
        monkeypatch.setattr(litellm, name, [])
    started = litellm.litellm_core_utils.litellm_logging
    monkeypatch.setattr(started, "_in_memory_loggers", [])
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "DD_API_KEY", *callbacks.LANGFUSE):
        monkeypatch.delenv(name, raising=False)
    yield litellm
    await disconnect()  # while those of the test are still known


class Heard:
    """A callback of the user's, and what it was told."""

    def __init__(self, litellm: Any, does: Any = None) -> None:
        self.told: list[dict[str, Any]] = []
        heard = self

        class Logger(litellm.integrations.custom_logger.CustomLogger):  # type: ignore[misc]
            async def async_log_success_event(
                self, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any
            ) -> None:
                heard.told.append(kwargs["litellm_params"]["metadata"] or {})
                if does is not None:
                    await does()

        self.logger = Logger()


async def ask(server: Server, **options: Any) -> str:
    model = LiteLLMModel("hosted_vllm/x", api_base=server.url, **options)
    with calls_from(PLAN):
        [reply] = await model.chat(HELLO, path="o1+o2/plan~2")
    return reply.text


async def test_a_callback_is_told_where_in_the_search_a_call_was_made(litellm: Any) -> None:
    heard = Heard(litellm)
    use_callbacks(heard.logger)

    async with serving(lambda body, count: ok("Hi.")) as server:
        await ask(server, extra={"metadata": {"tags": ["mine"]}})
        await disconnect()

    [told] = heard.told
    assert told["trace_name"] == "ponder.plan_search double"
    assert told["generation_name"] == told["run_name"] == "o1+o2/plan~2"
    assert told["trace_id"] == told["session_id"] == "0" * 32
    assert told["tags"] == ["mine"]
    assert "metadata" not in server.bodies[0]


async def test_where_nobody_listens_nothing_is_told(litellm: Any) -> None:
    assert not callbacks.listening(litellm)

    use_callbacks(print)

    assert callbacks.listening(litellm)


async def test_a_callback_that_raises_costs_no_reply(
    litellm: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise RuntimeError("no")

    heard = Heard(litellm, fail)
    use_callbacks(heard.logger)

    async with serving(lambda body, count: ok("Hi.")) as server:
        with caplog.at_level(logging.CRITICAL):
            said = await ask(server)
            await disconnect()

    assert (said, len(heard.told)) == ("Hi.", 1)


async def test_a_callback_that_hangs_costs_no_reply_and_is_not_waited_for_long(
    litellm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "PATIENCE", 0.1)
    done = asyncio.Event()
    use_callbacks(Heard(litellm, done.wait).logger)
    started = time.monotonic()

    async with serving(lambda body, count: ok("Hi.")) as server:
        said = await ask(server)
        with pytest.warns(RuntimeWarning, match="not done 0.1 s after the last call"):
            await disconnect()
    done.set()

    assert (said, time.monotonic() - started < 3) == ("Hi.", True)


async def test_an_unknown_callback_is_refused_before_any_call(litellm: Any) -> None:
    litellm.success_callback = ["langfus"]

    with pytest.raises(InputError, match=r"'langfus' is none.*did you mean langfuse"):
        await LiteLLMModel("hosted_vllm/x", api_base="http://127.0.0.1:9/v1").ready()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("langfuse_otel", "set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"),
        ("datadog", "DD_API_KEY"),
    ],
)
async def test_what_a_callback_needs_is_said_in_a_line(litellm: Any, name: str, says: str) -> None:
    with pytest.raises(MissingError, match=f"callback {name}: .*{says}"):
        use_callbacks(name)

    assert litellm.callbacks == []


async def search(server: Server) -> None:
    sandbox = ScriptedSandbox(lambda program, given: 2 * given[0])
    model = LiteLLMModel("hosted_vllm/x", api_base=server.url)
    graph = repeated_sampling(samples=2)
    await graph.ainvoke({"task": TASK}, context=Context(model, sandbox=sandbox))
    await disconnect()


PROGRAM = ok("```python\ndef solve(x):\n    return 2 * x\n```")


async def test_litellm_s_own_spans_are_children_of_thoughts_failed_attempts_too(
    litellm: Any, traced: Traced
) -> None:
    use_callbacks("otel")

    async with serving(lambda body, count: PROGRAM if count else too_many()) as server:
        await search(server)

    for id, thought in traced.thoughts().items():
        calls = [one for one in traced.named(id) if parent(one) == number(thought)]
        assert [one.status.status_code.name for one in calls] == ["ERROR", "OK"]
        assert told(calls[1])["gen_ai.usage.output_tokens"] == 20
        assert told(thought)["ponder.usage.output_tokens"] == 20
    assert traced.thoughts().keys() == {"s1/code", "s2/code"}


async def test_what_a_judge_is_asked_is_under_the_judging(litellm: Any, traced: Traced) -> None:
    use_callbacks("otel")
    question = MathTask("sum", "What is 1 + 1?")

    async with serving(lambda body, count: ok("Yes: \\boxed{2}")) as server:
        model = LiteLLMModel("hosted_vllm/x", api_base=server.url)
        with Context(model, verifier="judge", sandbox=ScriptedSandbox(lambda *_: None)) as given:
            await best_of_n(samples=1).ainvoke({"task": question}, context=given)
        await disconnect()

    [judging] = traced.named("judge")
    asked = [one for one in traced.spans if parent(one) == number(judging)]
    assert asked
    assert not {told(one)["gen_ai.request.model"] for one in asked} - {"x"}


async def test_litellm_s_otel_alone_brings_the_whole_tree(
    litellm: Any, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")  # milliseconds
    litellm.callbacks = ["otel"]

    async with serving(lambda body, count: PROGRAM) as server:
        await search(server)
    async with asyncio.timeout(20):
        while len(collector.spans) < 9:  # noqa: ASYNC110  LiteLLM sends when it likes
            await asyncio.sleep(0.02)

    names = sorted(span.name for span in collector.spans)
    assert names == sorted(
        ["code", "code", "judge", "judge", "ponder.repeated_sampling double"]
        + ["s1/code", "s2/code"] * 2  # of the call, and of the request itself
    )


async def test_langfuse_gets_a_generation_for_each_call_in_one_session(
    litellm: Any, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in zip(callbacks.LANGFUSE, ("pk", "sk"), strict=True):
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("LANGFUSE_HOST", collector.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")  # milliseconds
    use_callbacks("langfuse_otel")

    async with serving(lambda body, count: PROGRAM) as server:
        await search(server)
    async with asyncio.timeout(20):
        while len(collector.spans) < 4:  # noqa: ASYNC110  two a call: LiteLLM sends when it likes
            await asyncio.sleep(0.02)

    found = [
        {each.key: each.value.string_value for each in span.attributes} for span in collector.spans
    ]
    generations = [one for one in found if one.get("langfuse.observation.type") == "generation"]
    assert {one["langfuse.generation.name"] for one in generations} == {"s1/code", "s2/code"}
    assert len({one["session.id"] for one in generations}) == 1
    assert generations[0]["langfuse.trace.name"] == "ponder.repeated_sampling double"
    assert collector.asked[0][0] == "/api/public/otel/v1/traces"
