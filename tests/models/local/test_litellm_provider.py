"""Models in this process, asked for through LiteLLM."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ponder.models import Message, connect
from ponder.models.litellm_provider import register

ASKED: list[Message] = [{"role": "user", "content": "the cat sat on"}]


@pytest.fixture
def provided(litellm: Any, folder: Path) -> Iterator[tuple[Any, str]]:
    """LiteLLM with the provider, and a model's name."""
    register(together=4)
    yield litellm, f"transformers/{folder}"
    litellm.custom_provider_map = []


async def test_it_says_what_the_model_says_itself(provided: tuple[Any, str]) -> None:
    litellm, name = provided
    want = await connect(name).chat(ASKED, path="p", n=2, seed=3, max_tokens=12, stop=["\n"])

    response = await litellm.acompletion(
        model=name, messages=ASKED, n=2, seed=3, max_tokens=12, stop="\n"
    )

    assert [choice.message.content for choice in response.choices] == [r.text for r in want]
    assert [choice.finish_reason for choice in response.choices] == [r.finish for r in want]
    assert response.usage.prompt_tokens == want[0].usage.prompt_tokens
    assert response.usage.completion_tokens == sum(r.usage.completion_tokens for r in want)


async def test_a_call_that_blocks_and_a_stream_give_the_same(provided: tuple[Any, str]) -> None:
    litellm, name = provided
    asked = {"model": name, "messages": ASKED, "seed": 3, "max_tokens": 12, "temperature": 0}
    want = (await litellm.acompletion(**asked)).choices[0].message.content

    blocking = litellm.completion(**asked).choices[0].message.content
    stream = await litellm.acompletion(**asked, stream=True)
    streamed = "".join([part.choices[0].delta.content or "" async for part in stream])

    assert blocking == want
    assert streamed == want


async def test_what_cannot_be_done_is_said_and_not_left_out(provided: tuple[Any, str]) -> None:
    litellm, name = provided

    with pytest.raises(litellm.BadRequestError, match="transformers models take no logprobs"):
        await litellm.acompletion(model=name, messages=ASKED, logprobs=True, max_tokens=1)
    with pytest.raises(litellm.BadRequestError, match="there is no folder /no/such"):
        await litellm.acompletion(model="transformers//no/such", messages=ASKED)


def test_to_register_again_replaces_the_options(litellm: Any) -> None:
    register(together=4)
    register(together=2)

    [entry] = litellm.custom_provider_map
    assert entry["custom_handler"].answers._options == {"together": 2}
    litellm.custom_provider_map = []
