"""llama.cpp in this process, with a real small model."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, MissingError, ModelRejected
from ponder.models import Completion, EmbeddedModel, Message, Model, connect
from ponder.models.embedded import bounded

NAME = "embedded/smollm2-135m"


async def ask(model: Model, text: str, **asked: Any) -> Completion:
    messages: list[Message] = [{"role": "user", "content": text}]
    [reply] = await model.chat(messages, path="p", **{"max_tokens": 40, **asked})
    return reply


@pytest.mark.model
@pytest.mark.usefixtures("litellm")
async def test_it_answers_by_its_name_for_nothing() -> None:
    model = connect(NAME)

    reply = await ask(model, "Name one colour.")

    assert reply.text.strip()
    assert reply.faults == ()
    assert reply.usage.calls == 1
    assert reply.usage.cost == 0.0
    assert 0 < reply.usage.completion_tokens <= 40


@pytest.mark.model
@pytest.mark.usefixtures("litellm")
async def test_several_calls_at_once_are_all_answered() -> None:
    model = connect(NAME)

    replies = await asyncio.gather(*(ask(model, f"Count to {i}.", seed=i) for i in range(6)))

    assert all(reply.text.strip() and not reply.faults for reply in replies)


@pytest.mark.model
@pytest.mark.usefixtures("litellm")
async def test_several_samples_differ_by_their_seeds_and_each_counts_its_tokens() -> None:
    messages: list[Message] = [{"role": "user", "content": "Tell me a story."}]

    replies = await connect(NAME).chat(
        messages, path="p", n=3, seed=1, temperature=1.0, max_tokens=12
    )

    assert len({reply.text for reply in replies}) == 3
    assert [reply.usage.completion_tokens for reply in replies] == [12] * 3
    assert {reply.finish for reply in replies} == {"length"}


@pytest.mark.model
@pytest.mark.usefixtures("litellm")
async def test_a_schema_is_followed() -> None:
    schema = {
        "type": "object",
        "properties": {"colours": {"type": "array", "items": {"enum": ["red", "blue"]}}},
        "required": ["colours"],
        "additionalProperties": False,
    }

    reply = await ask(connect(NAME), "Tell me a story.", schema=schema, max_tokens=120)

    assert set(json.loads(reply.text)["colours"]) <= {"red", "blue"}


@pytest.mark.model
@pytest.mark.usefixtures("litellm")
async def test_two_models_of_the_same_weights_share_a_server() -> None:
    one, two = EmbeddedModel(NAME), EmbeddedModel(NAME)

    await asyncio.gather(one.ready(), two.ready())

    assert (await one._serve()).api_base == (await two._serve()).api_base


@pytest.mark.model
@pytest.mark.usefixtures("litellm")
async def test_a_prompt_beyond_its_context_is_rejected_and_not_sent_again() -> None:
    with pytest.raises(ModelRejected, match=r"^too long: "):
        await ask(connect(NAME), "word " * 10_000)


@pytest.mark.model
async def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "junk.gguf").write_bytes(b"GGUF" + bytes(1000))
    model = connect(f"embedded/{tmp_path}/junk.gguf")

    with pytest.raises(InputError, match=r"junk\.gguf: llama\.cpp cannot load it"):
        await model.ready()


async def test_a_machine_without_llama_cpp_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    (tmp_path / "any.gguf").touch()
    model = connect(f"embedded/{tmp_path}/any.gguf")

    with pytest.raises(MissingError, match=r"pip install 'ponder\[embedded\]'"):
        await model.ready()


def test_weights_that_are_missing_are_known_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PONDER_HOME", str(tmp_path))

    with pytest.raises(MissingError, match="run `ponder models pull smollm2-135m`"):
        connect(NAME)


def test_an_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'embedded/gpt-5' are not one of .*smollm2-135m"):
        connect("embedded/gpt-5")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"there is no file {tmp_path}/absent.gguf"):
        connect(f"embedded/{tmp_path}/absent.gguf")


def test_a_schema_gets_an_end_to_every_string_and_list_that_has_none() -> None:
    text = {"type": "string"}
    short = {"type": "string", "maxLength": 3}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": text}, "b": short},
    }

    ended = bounded(schema)

    assert ended["properties"]["a"] == {
        "type": "array",
        "items": {"type": "string", "maxLength": 500},
        "maxItems": 8,
    }
    assert ended["properties"]["b"] == short
    assert "maxItems" not in schema["properties"]["a"]
