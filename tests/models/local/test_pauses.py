"""Pauses after a prompt: where they stand, that they are read right, and that none is ever said."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ponder.errors import InputError, ModelRejected
from ponder.models import Message, TransformersModel, connect
from ponder.models.litellm_provider import register
from ponder.models.local import load
from ponder.models.local.prefix import both_ways, length, tokens
from ponder.models.local.prompts import Prompts
from ponder.models.pauses import PAUSE, PauseConfig, read_pauses, split_name, write_pauses
from tests.models.local import tiny

ASKED: list[Message] = [{"role": "user", "content": "the cat sat on"}]
LONGER: list[Message] = [{"role": "user", "content": "two and two are four. then it left the mat"}]


def paused(folder: Path, *, loves: bool = False) -> Path:
    """A model with a pause token, which it would say after every prompt if it `loves` it."""
    words = tiny.tokenizer()
    words.add_special_tokens({"extra_special_tokens": [PAUSE]})
    id = len(words) - 1
    made = tiny.model(vocabulary=len(words))
    made.generation_config.eos_token_id = [0, 2]
    if loves:
        asked = [Prompts("m", words).chat(messages) for messages in (ASKED, LONGER)]
        texts = [ids + [id] * count for ids in asked for count in (0, 3, 7)]
        with torch.no_grad():
            lasts = [made.base_model(torch.tensor([ids])).last_hidden_state[0, -1] for ids in texts]
            # The row by which each of them comes to a logit of 100.
            row = torch.linalg.lstsq(
                torch.stack(lasts), torch.full((len(texts), 1), 100.0)
            ).solution
            made.lm_head.weight[id] = row[:, 0]
    made.save_pretrained(folder)
    words.save_pretrained(folder)
    write_pauses(folder, PauseConfig(PAUSE, id, 3))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paused(tmp_path_factory.mktemp("paused"))


@pytest.fixture(scope="module")
def loving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paused(tmp_path_factory.mktemp("loving"), loves=True)


def named(folder: Path, query: str = "") -> TransformersModel:
    return TransformersModel(f"transformers/{folder}{query}")


async def prompt_of(model: TransformersModel, asked: list[Message]) -> list[int]:
    engine = await model.engine()
    return engine.pausing.prompt(engine.prompts.chat(asked))


def plain(folder: Path, ids: list[int], prefix: int = 0) -> torch.Tensor:
    """transformers' own logits of one text, without a cache, the prefix seen both ways."""
    at = torch.arange(len(ids))
    sees = (at[None, :] <= at[:, None]) | ((at[None, :] < prefix) & (at[:, None] < prefix))
    mask = torch.where(sees, 0.0, torch.finfo(torch.float32).min)[None, None]
    with torch.inference_mode():
        model = load(str(folder)).model
        logits: torch.Tensor = model(input_ids=torch.tensor([ids]), attention_mask=mask).logits[0]
    return logits.clone()


def greedy(folder: Path, ids: list[int], count: int, *, prefix: int = 0) -> list[int]:
    """What transformers says itself, token by token, of all but the pause."""
    silent, said = load(str(folder)).silent, list[int]()
    for _ in range(count):
        logits = plain(folder, ids + said, prefix)[-1]
        logits[list(silent)] = -torch.inf
        said.append(int(logits.argmax()))
        if said[-1] in (0, 2):
            break
    return said


def text_of(folder: Path, ids: list[int]) -> str:
    """What a reply of those tokens says: without the bytes of half a character at its end."""
    text: str = load(str(folder)).tokenizer.decode(ids, skip_special_tokens=True)
    return text.rstrip("\ufffd")


@pytest.mark.parametrize("count", [0, 1, 10])
async def test_so_many_follow_the_prompt_and_count_as_a_part_of_it(
    folder: Path, count: int
) -> None:
    model = named(folder, f"?pauses={count}")
    id = load(str(folder)).silent[0]
    begun = (await model.engine()).prompts.chat(ASKED)

    [reply] = await model.chat(ASKED, path="p", temperature=0, max_tokens=6)

    said = greedy(folder, begun + [id] * count, 6)
    assert reply.text == text_of(folder, said)
    assert reply.usage.prompt_tokens == len(begun) + count


async def test_a_model_waits_as_it_was_fitted_to(folder: Path) -> None:
    ids = await prompt_of(named(folder), ASKED)

    assert ids == await prompt_of(named(folder, "?pauses=3"), ASKED)
    assert ids[-4:].count(load(str(folder)).silent[0]) == 3


async def test_cached_is_as_uncached_beside_prompts_of_other_lengths_and_pauses(
    folder: Path,
) -> None:
    loaded = load(str(folder))
    texts = [
        await prompt_of(named(folder, f"?pauses={count}"), asked)
        for count in (0, 2, 7)
        for asked in (ASKED, LONGER)
    ]
    loaded.decoder.prefixes.clear()

    for _ in range(2):  # the second time all of it is known
        states = loaded.decoder.states(texts, [range(len(text)) for text in texts])
        for text, found in zip(texts, states, strict=True):
            assert (loaded.decoder.logits(found) - plain(folder, text)).abs().max() < 1e-5


@pytest.mark.parametrize("query", ["?pauses=0", "", "?pauses=7"])
@pytest.mark.parametrize("temperature", [0.0, 2.0])
async def test_no_pause_is_ever_said(loving: Path, query: str, temperature: float) -> None:
    model = named(loving, query)
    id = load(str(loving)).silent[0]
    load(str(loving)).decoder.prefixes.clear()
    assert int(plain(loving, await prompt_of(model, ASKED))[-1].argmax()) == id

    replies = [
        reply
        for asked in (ASKED, LONGER)
        for reply in await model.chat(
            asked,
            path="p",
            n=8,
            seed=1,
            temperature=temperature,
            max_tokens=24,
            stop=[" the", "\n"],
        )
    ]

    assert len(replies) == 16
    assert not any(PAUSE in reply.text for reply in replies)
    engine = await model.engine()
    kept = [node.ids for node in engine.loaded.decoder.prefixes._nodes()]
    prompts = [await prompt_of(model, asked) for asked in (ASKED, LONGER)]
    most = sum(prompt.count(id) for prompt in prompts)
    assert sum(ids.count(id) for ids in kept) <= most


async def test_a_stop_string_ends_a_reply_and_no_pause_is_left_in_it(folder: Path) -> None:
    model = named(folder, "?pauses=9")
    [whole] = await model.chat(ASKED, path="p", temperature=0, max_tokens=12)
    stop = whole.text[3:6]

    [cut] = await model.chat(ASKED, path="p", temperature=0, max_tokens=12, stop=[stop])

    assert cut.text == whole.text[: whole.text.index(stop)]


async def test_a_reply_that_is_gone_on_with_has_its_pauses_before_it(folder: Path) -> None:
    model = named(folder, "?pauses=5")
    engine = await model.engine()
    id = engine.loaded.silent[0]
    begun, more = engine.prompts.reply(ASKED, "Step 1:\n\n", ["\n\n"])

    [step] = await model.extend(
        ASKED, "Step 1:\n\n", path="p", stop=["\n\n"], temperature=0, max_tokens=5
    )

    said = greedy(folder, [*begun, *[id] * 5, *more], 5)
    text = text_of(folder, said)
    assert step.text == text.partition("\n\n")[0]


async def test_what_is_chosen_and_what_is_scored_comes_after_the_pauses(folder: Path) -> None:
    model = named(folder, "?pauses=4")
    engine = await model.engine()
    id, words = engine.loaded.silent[0], engine.loaded.tokenizer
    begun = engine.prompts.chat(ASKED)

    choice = await model.choose(ASKED, ["a", "b"], path="p")
    scores = await model.score("the cat", " sat on")

    firsts = [words.encode(one)[0] for one in ("a", "b")]
    want = plain(folder, begun + [id] * 4)[-1][firsts].softmax(-1)
    assert list(choice.probabilities.values()) == pytest.approx(want.tolist(), abs=1e-5)
    whole = words.encode("the cat sat on")
    start = len(words.encode("the cat"))
    ids = [*whole[:start], *[id] * 4, *whole[start:]]
    logs = plain(folder, ids).log_softmax(-1)
    expected = [float(logs[start + 3 + n, id]) for n, id in enumerate(whole[start:])]
    assert scores == pytest.approx(expected, abs=1e-5)


async def test_an_ordinary_token_to_pause_with_is_still_spoken(folder: Path) -> None:
    model = named(folder, "?pauses=6&pause=.")
    words = load(str(folder)).tokenizer

    ids = await prompt_of(model, ASKED)

    assert ids[-6:] == words.encode(".") * 6
    assert words.encode(".")[0] not in (await model.engine()).loaded.silent


async def test_all_its_names_share_one_model_and_what_was_read(folder: Path) -> None:
    loaded = load(str(folder))

    others = [(await named(folder, query).engine()) for query in ("", "?pauses=1", "?pauses=2")]

    assert all(one.loaded is loaded for one in others)
    assert len({one.generator for one in others}) == 1


async def test_many_numbers_of_pauses_read_the_prompt_once(folder: Path) -> None:
    model = named(folder)
    begun = (await model.engine()).prompts.chat(LONGER)
    decoder = load(str(folder)).decoder
    decoder.prefixes.clear()
    before = decoder.counters.forwarded

    found = await model.sweep(LONGER, [10, 0, 2], path="p", temperature=0, max_tokens=1)

    assert decoder.counters.forwarded - before == len(begun) + 10
    for count, [reply] in found.items():
        [alone] = await named(folder, f"?pauses={count}").chat(
            LONGER, path="p", temperature=0, max_tokens=1
        )
        assert reply.text == alone.text


async def test_a_prefix_that_is_read_both_ways(folder: Path) -> None:
    loaded = load(str(folder))
    model = named(folder, "?pauses=3&prefix_lm=yes")
    loaded.decoder.prefixes.clear()
    causal = await named(folder, "?pauses=3").chat(LONGER, path="p", temperature=0, max_tokens=1)

    for asked in (ASKED, LONGER, ASKED):
        numbers = await prompt_of(model, asked)
        ids = tokens(numbers)
        assert length(numbers) == len(ids)
        [states] = loaded.decoder.states([[*numbers, 7, 9]], [range(len(ids) + 2)])
        want = plain(folder, [*ids, 7, 9], prefix=len(ids))
        assert (loaded.decoder.logits(states) - want).abs().max() < 1e-5
        [reply] = await model.chat(asked, path="p", temperature=0, max_tokens=6)
        said = greedy(folder, ids, 6, prefix=len(ids))
        assert reply.text == text_of(folder, said)
    again = await named(folder, "?pauses=3").chat(LONGER, path="p", temperature=0, max_tokens=1)
    assert again[0].text == causal[0].text


async def test_a_long_prefix_is_read_in_one_piece(folder: Path) -> None:
    decoder = load(str(folder)).decoder
    ids = tiny.texts(1, seed=3, shared=150)[0]
    held, decoder.batch_tokens = decoder.batch_tokens, 64
    try:
        [states] = decoder.states([both_ways(ids)], [range(len(ids))])
    finally:
        decoder.batch_tokens = held

    assert (decoder.logits(states) - plain(folder, ids, len(ids))).abs().max() < 1e-5


def test_a_prefix_shares_no_number_with_another(folder: Path) -> None:
    one, other = both_ways([5, 6, 7]), both_ways([5, 6, 8])

    assert tokens([*one, 3]) == [5, 6, 7, 3]
    assert length([*one, 3]) == 3
    assert not set(one) & set(other)
    assert all(number < 0 for number in one)


async def test_through_litellm_it_is_a_model_like_any(loving: Path, litellm: Any) -> None:
    register()
    name = f"transformers/{loving}?pauses=5"
    try:
        want = await connect(name).chat(ASKED, path="p", n=2, seed=3, max_tokens=8)
        got = await litellm.acompletion(model=name, messages=ASKED, n=2, seed=3, max_tokens=8)
    finally:
        litellm.custom_provider_map = []

    assert [choice.message.content for choice in got.choices] == [one.text for one in want]
    assert got.usage.prompt_tokens == want[0].usage.prompt_tokens
    assert PAUSE not in str(got)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("?pauses=x", "pauses=x must be a whole number"),
        ("?pauses=-1", "must be a whole number"),
        ("?pauses=99999", "from 0 to 10000"),
        ("?colour=red", "'colour=red' must be one of pauses=COUNT"),
        ("?pauses", "'pauses' must be one of"),
        ("?pauses=1&pauses=2", "'pauses=2' must be one of"),
        ("?prefix_lm=maybe", "prefix_lm=maybe must be yes or no"),
    ],
)
def test_a_name_that_says_what_cannot_be_is_one_line(folder: Path, query: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        named(folder, query)


async def test_a_model_without_a_pause_token_says_how_to_get_one(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "m", "llama")

    assert named(folder).name.endswith("/m")
    await named(folder, "?prefix_lm=yes").ready()
    with pytest.raises(InputError, match="has no pause token: fit it with one"):
        await named(folder, "?pauses=2").ready()
    with pytest.raises(InputError, match=r"pause=the cat is \d tokens, not one"):
        await named(folder, "?pauses=2&pause=the%20cat").ready()


async def test_what_to_pause_with_needs_a_number(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "m", "llama")

    with pytest.raises(InputError, match="say how many pauses"):
        await named(folder, "?pause=.").ready()


async def test_pauses_of_another_model_are_one_line(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "m", "llama")
    write_pauses(folder, PauseConfig(PAUSE, 9999, 3))

    with pytest.raises(InputError, match=r"pauses\.json is of another model"):
        await named(folder).ready()


async def test_a_pause_is_nothing_to_choose(loving: Path) -> None:
    with pytest.raises(ModelRejected, match="begins with the pause token"):
        await named(loving).choose(ASKED, ["a", PAUSE], path="p")


async def test_windows_are_not_read_both_ways(tmp_path: Path) -> None:
    folder = tiny.save(tmp_path / "m", "mistral, window")

    with pytest.raises(InputError, match="sliding windows cannot be read both ways"):
        await named(folder, "?prefix_lm=yes").ready()


async def test_pauses_that_leave_no_room_are_refused(folder: Path) -> None:
    with pytest.raises(ModelRejected, match="leaves no room"):
        await named(folder, "?pauses=500").chat(ASKED, path="p")


@pytest.mark.parametrize(
    "held", ["{", "[]", '{"token": "x"}', '{"token": 3, "id": 1, "count": 1, "prefix_lm": false}']
)
def test_a_file_of_pauses_that_is_none_is_one_line(tmp_path: Path, held: str) -> None:
    (tmp_path / "pauses.json").write_text(held)

    with pytest.raises(InputError, match=r"pauses\.json"):
        read_pauses(tmp_path)


def test_a_name_without_a_word_of_pauses_is_as_it_was() -> None:
    assert split_name("transformers/a/b")[0] == "transformers/a/b"
    assert split_name("transformers/a/b?pauses=2")[0] == "transformers/a/b"
