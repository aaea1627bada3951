"""LiteLLM's callbacks, on real calls to a server of ours."""

import asyncio
import logging
import time
from typing import Any

import pytest

from ponder.errors import InputError, MissingError
from ponder.models import LiteLLMModel, Message, callbacks, disconnect, use_callbacks
from ponder.models.origin import Origin, calls_from
from tests.support.server import Server, ok, serving

HELLO: list[Message] = [{"role": "user", "content": "Hello?"}]
PLAN = Origin("4f", "plan_search", "double", "plan", "0" * 32)


@pytest.fixture
async def litellm(litellm: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """LiteLLM without callbacks, before the test and after it."""
    for name in callbacks.LISTS:
        monkeypatch.setattr(litellm, name, [])
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
