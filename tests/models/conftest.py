"""LiteLLM, as a test wants it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ponder.models import LiteLLMModel, attempts, litellm_model
from tests.support.server import ok, serving


@pytest.fixture(scope="session")
def imported_litellm() -> Any:
    """LiteLLM after its first call, which imports for a while: no test's timeout is for that."""
    litellm = litellm_model._litellm()

    async def call() -> None:
        async with serving(lambda body, count: ok("Hello.")) as server:
            model = LiteLLMModel("hosted_vllm/x", api_base=server.url)
            await model.chat([{"role": "user", "content": "Hello?"}], path="p")
            await litellm_model.disconnect()

    asyncio.run(call())
    return litellm


@pytest.fixture
async def litellm(imported_litellm: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """LiteLLM with short waits between attempts; its connections are closed when the test ends."""
    monkeypatch.setattr(attempts, "FIRST_WAIT", 0.001)
    yield imported_litellm
    await litellm_model.disconnect()
