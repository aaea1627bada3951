"""A model of transformers behind the protocols."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch

from ponder.errors import InputError, ModelRejected, ModelTimeout
from ponder.models import (
    ChoosingModel,
    Message,
    Model,
    ScoringModel,
    StepModel,
    TransformersModel,
    connect,
)
from ponder.models.local import load
from tests.models.local.tiny import TEMPLATE, model, save, tokenizer

ASKED: list[Message] = [{"role": "user", "content": "the cat sat on"}]


@pytest.fixture
async def made(folder: Path) -> AsyncIterator[TransformersModel]:
    found = connect(f"transformers/{folder}", together=8)
    assert isinstance(found, TransformersModel)
    yield found
    (await found.engine()).loaded.decoder.prefixes.clear()


def plain(folder: Path, ids: list[int]) -> torch.Tensor:
    """The logarithms of the probabilities of what follows each token: [tokens, vocabulary]."""
    with torch.inference_mode():
        logits: torch.Tensor = load(str(folder)).model(input_ids=torch.tensor([ids])).logits[0]
        return logits.log_softmax(-1)


def templated(text: str) -> str:
    return f"<|turn|>user\n{text}<|stop|>\n<|turn|>assistant\n"


def test_it_is_all_that_a_model_can_be(made: TransformersModel) -> None:
    assert isinstance(made, Model)
    assert isinstance(made, StepModel)
    assert isinstance(made, ChoosingModel)
    assert isinstance(made, ScoringModel)
    assert made.price(10, 10) == 0.0


async def test_it_answers_in_its_template_and_counts_real_tokens(
    made: TransformersModel, folder: Path
) -> None:
    words = load(str(folder)).tokenizer
    ids = words.encode(templated(ASKED[0]["content"]))

    [reply] = await made.chat(ASKED, path="p", temperature=0, max_tokens=5)

    said: list[int] = []
    for _ in range(reply.usage.completion_tokens):
        said.append(int(plain(folder, ids + said)[-1].argmax()))
    assert reply.text == words.decode(said, skip_special_tokens=True).rstrip("\ufffd")
    assert reply.usage.prompt_tokens == len(ids)
    assert reply.usage.calls == 1
    assert reply.usage.cost == 0.0
    assert reply.finish == ("stop" if said[-1] in (0, 2) else "length")


async def test_several_samples_have_a_seed_each_and_pay_for_their_prompt_once(
    made: TransformersModel,
) -> None:
    both = await made.chat(ASKED, path="p", n=2, seed=7, max_tokens=12)
    [second] = await made.chat(ASKED, path="p", seed=8, max_tokens=12)

    assert both[1].text == second.text != both[0].text
    assert [reply.usage.calls for reply in both] == [1, 0]
    assert both[1].usage.prompt_tokens == 0
    assert both[1].usage.completion_tokens == second.usage.completion_tokens


async def test_a_reply_is_no_longer_than_the_context_leaves_room_for(folder: Path) -> None:
    small = connect(f"transformers/{folder}", context=40)

    [reply] = await small.chat(ASKED, path="p", seed=3)

    assert reply.usage.tokens <= 40
    with pytest.raises(ModelRejected, match="leaves no room for a reply in the 40 that"):
        await small.chat([{"role": "user", "content": "mat " * 40}], path="p")


async def test_steps_end_at_a_separator_and_go_on_from_what_was_read(
    made: TransformersModel, folder: Path
) -> None:
    [whole] = await made.chat(ASKED, path="p", seed=3, max_tokens=60)
    mark = whole.text[10:12]

    [step] = await made.extend(ASKED, "", path="p", stop=[mark], seed=3, max_tokens=60)
    assert step.text == whole.text[: whole.text.index(mark)]
    assert step.finish == "step"

    counters = (await made.engine()).loaded.decoder.counters
    before = counters.forwarded
    prefix = "Step 1: two.\n\nStep 2: two."
    [first] = await made.extend(ASKED, prefix, path="p", stop=["\n\n"], seed=1, max_tokens=1)
    longer = f"{prefix}\n\nStep 3:"
    [second] = await made.extend(ASKED, longer, path="p", stop=["\n\n"], seed=1, max_tokens=1)

    words = load(str(folder)).tokenizer
    steps = ("Step 1: two.\n\n", "Step 2: two.\n\n", "Step 3:")
    assert counters.forwarded - before == sum(len(words.encode(step)) for step in steps)
    assert {first.finish, second.finish} <= {"length", "answer"}


async def test_a_prefix_is_continued_as_it_stands(made: TransformersModel, folder: Path) -> None:
    prefix = "Step 1: two\n\nfour"
    words = load(str(folder)).tokenizer

    [step] = await made.extend(ASKED, prefix, path="p", stop=["\n\n"], temperature=0, max_tokens=1)

    text = templated(ASKED[0]["content"])
    pieces = (text, "Step 1: two\n\n", "four")
    said = int(plain(folder, [id for p in pieces for id in words.encode(p)])[-1].argmax())
    assert step.text == words.decode([said], skip_special_tokens=True).rstrip("\ufffd")


async def test_choices_have_the_probabilities_of_their_first_tokens(
    made: TransformersModel, folder: Path
) -> None:
    words = load(str(folder)).tokenizer
    ids = words.encode(templated(ASKED[0]["content"])) + words.encode("Step 1:")

    choice = await made.choose(ASKED, [" cat", " mat", "the"], path="p", prefix="Step 1:")

    firsts = [words.encode(word)[0] for word in (" cat", " mat", "the")]
    want = plain(folder, ids)[-1][firsts].softmax(-1).tolist()
    assert list(choice.probabilities) == [" cat", " mat", "the"]
    assert list(choice.probabilities.values()) == pytest.approx(want, abs=1e-5)
    assert sum(choice.probabilities.values()) == pytest.approx(1)
    assert choice.usage.prompt_tokens == len(ids)


@pytest.mark.parametrize("choices", [["Step 1", "Step 2"], [], ["the", ""]])
async def test_choices_that_begin_alike_are_rejected(
    made: TransformersModel, choices: list[str]
) -> None:
    with pytest.raises(ModelRejected, match=r"do not differ|no word to choose"):
        await made.choose(ASKED, choices, path="p")


async def test_a_completion_is_scored_token_by_token(made: TransformersModel, folder: Path) -> None:
    prompt, completion = "the cat sat", " on the mat.\n\n猫"
    ids = load(str(folder)).tokenizer.encode(prompt + completion)
    count = len(ids) - len(load(str(folder)).tokenizer.encode(prompt))

    scores = await made.score(prompt, completion)

    want = [float(plain(folder, ids)[at - 1, ids[at]]) for at in range(len(ids) - count, len(ids))]
    assert scores == pytest.approx(want, abs=1e-5)


async def test_a_token_over_the_border_is_the_completions(made: TransformersModel) -> None:
    words = (await made.engine()).loaded.tokenizer
    assert len(words.encode("cat sat")) == 2

    scores = await made.score("ca", "t sat")

    assert len(scores) == 2


async def test_a_text_with_nothing_before_it_is_scored_after_the_end_token(
    made: TransformersModel, folder: Path
) -> None:
    ids = [0, *load(str(folder)).tokenizer.encode("the cat")]

    scores = await made.score("", "the cat")

    want = [float(plain(folder, ids)[at - 1, ids[at]]) for at in range(1, len(ids))]
    assert scores == pytest.approx(want, abs=1e-5)
    assert await made.score("the cat", "") == []


async def test_what_is_too_long_to_be_scored_is_rejected(made: TransformersModel) -> None:
    with pytest.raises(ModelRejected, match="longer than the 256"):
        await made.score("the", "mat " * 300)


async def test_calls_at_once_are_answered_as_one_by_one(made: TransformersModel) -> None:
    asked: list[list[Message]] = [[{"role": "user", "content": f"Step {i}"}] for i in range(12)]

    async def ask(messages: list[Message]) -> str:
        [reply] = await made.chat(messages, path="p", seed=1, max_tokens=20)
        return reply.text

    together = await asyncio.gather(*map(ask, asked))

    assert together == [await ask(messages) for messages in asked]


async def test_a_call_that_is_cancelled_leaves_the_batch(made: TransformersModel) -> None:
    generator = (await made.engine()).generator
    call = asyncio.create_task(made.chat(ASKED, path="p", n=8, seed=1, max_tokens=200))
    while not generator._batch.active:  # noqa: ASYNC110  set by another thread
        await asyncio.sleep(0.001)

    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    await made.chat(ASKED, path="p", max_tokens=2)  # the second is of a later round
    assert len(generator._batch.active) <= 1


async def test_a_call_that_failed_is_tried_again_and_says_so(
    made: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = (await made.engine()).loaded.decoder
    read, broken = decoder.read, [1]

    def fail_once(texts: Any) -> None:
        if broken:
            broken.pop()
            raise RuntimeError("out of memory")
        read(texts)

    monkeypatch.setattr(decoder, "read", fail_once)

    [reply] = await made.chat(ASKED, path="p", max_tokens=2)

    assert len(reply.faults) == 1
    assert reply.faults[0].endswith("RuntimeError: out of memory")


async def test_a_call_that_takes_too_long_ends(folder: Path) -> None:
    hasty = connect(f"transformers/{folder}", timeout=0.001)
    await hasty.ready()

    with pytest.raises(ModelTimeout, match=r"no reply within 0\.001 s"):
        await hasty.chat(ASKED, path="p", n=8, max_tokens=200)


async def test_a_model_without_a_chat_template_is_named(tmp_path: Path) -> None:
    save(tmp_path, "llama")
    bare = connect(f"transformers/{tmp_path}")
    await bare.ready()
    (await bare.engine()).loaded.tokenizer.chat_template = None  # type: ignore[attr-defined]

    with pytest.raises(InputError, match="has no chat template: it is a base model"):
        await bare.chat(ASKED, path="p")


async def test_a_template_that_refuses_its_messages_is_quoted(tmp_path: Path) -> None:
    words = tokenizer()
    words.chat_template = "{{ raise_exception('no system turns') }}" + TEMPLATE
    model(vocabulary=len(words)).save_pretrained(tmp_path)
    words.save_pretrained(tmp_path)

    with pytest.raises(ModelRejected, match="chat template refuses: no system turns"):
        await connect(f"transformers/{tmp_path}").chat(ASKED, path="p")


def test_a_folder_that_is_not_there_is_known_at_once() -> None:
    with pytest.raises(InputError, match="there is no folder /no/such"):
        connect("transformers//no/such")


@pytest.mark.model
async def test_the_small_real_model_answers_and_agrees_with_itself() -> None:
    real: Any = connect("transformers/smollm2-135m")
    messages: list[Message] = [{"role": "user", "content": "Name the capital of France."}]

    replies = await asyncio.gather(
        *(real.chat(messages, path="p", temperature=0, max_tokens=24) for _ in range(4))
    )
    choice = await real.choose(messages, ["Paris", "Rome"], path="p", prefix="The capital is ")

    assert len({reply.text for [reply] in replies}) == 1
    assert "Paris" in replies[0][0].text
    assert choice.probabilities["Paris"] > 0.9
    assert sum(await real.score("Paris is the capital of", " France.")) > sum(
        await real.score("Paris is the capital of", " Norway.")
    )
