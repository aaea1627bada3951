"""Rows of tokens: of conversations in each template, and of texts."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from ponder.models.local.prompts import Prompts
from ponder.training.instructions import Turn
from ponder.training.pauses.insertion import IGNORED
from ponder.training.pauses.rows import finetuning_row
from ponder.training.student.chat import chat_template, ending
from ponder.training.student.encoding import ConversationEncoder, rows_of_texts
from ponder.verifiers.ifd.templates import TEMPLATES
from tests.training.tiny import base
from tests.verifiers.prm.tiny import sentencepiece

TURNS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""As ChatML, whose turns end otherwise than this tokenizer's texts."""


@pytest.fixture
def tokenizer(tmp_path: Path) -> Any:
    return AutoTokenizer.from_pretrained(base(tmp_path / "base", llama=False))


def said(*texts: str) -> tuple[Turn, ...]:
    roles: Any = ("user", "assistant") * len(texts)
    return tuple(Turn(role, text) for role, text in zip(roles, texts, strict=False))


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("given", ["", "3 1 2"])
@pytest.mark.parametrize("begin", [False, True])
def test_a_chat_template_says_what_its_template_says(
    tokenizer: Any, name: str, given: str, begin: bool
) -> None:
    tokenizer.chat_template = chat_template(name, begin=begin)
    asked: Any = {"role": "user", "content": "Sort {{ 'these' }}.\n", "input": given}

    text = Prompts("m", tokenizer).render([asked])

    first = tokenizer.bos_token if begin else ""
    assert text == first + TEMPLATES[name]("Sort {{ 'these' }}.\n", given)


def test_several_turns_are_fastchat_s(tokenizer: Any) -> None:
    tokenizer.chat_template = chat_template("vicuna", begin=False)
    head = TEMPLATES["vicuna"].plain.partition("USER:")[0]
    turns: Any = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "And?"},
    ]
    system: Any = [{"role": "system", "content": "Be kind."}]
    end = tokenizer.eos_token

    plain, kind = (Prompts("m", tokenizer).render(some) for some in (turns, system + turns))

    assert plain == f"{head}USER: Hi ASSISTANT:Hello.{end}USER: And? ASSISTANT:"
    assert kind == f"Be kind. USER: Hi ASSISTANT:Hello.{end}USER: And? ASSISTANT:"


@pytest.mark.parametrize("template", ["vicuna", "alpaca", "chat"])
def test_pauses_stand_between_prompt_and_answer_and_are_not_learnt(
    tokenizer: Any, template: str
) -> None:
    plain = ConversationEncoder.of("m", tokenizer, template, 256)
    paused = ConversationEncoder.of("m", tokenizer, template, 256, pause=77, pauses=5)
    turns = said("What is 1?", "It is yes.")

    one, other = plain(turns), paused(turns)

    assert other.ids == (*one.ids[: one.prefix], *[77] * 5, *one.ids[one.prefix :])
    assert other.prefix == one.prefix + 5
    answer = [*tokenizer.encode("It is yes.", add_special_tokens=False), plain.end]
    for row in (one, other):
        assert list(row.labels[row.prefix :]) == answer
        assert set(row.labels[: row.prefix]) == {IGNORED}


@pytest.mark.parametrize("template", ["vicuna", "chat"])
def test_of_several_turns_every_answer_is_learnt_unless_there_are_pauses_or_a_prefix(
    tokenizer: Any, template: str
) -> None:
    tokenizer.chat_template = TURNS
    turns = (Turn("system", "Be kind."), *said("What is 1?", " It is yes.", "And 2?", "It is no."))
    encode = ConversationEncoder.of("m", tokenizer, template, 256)
    early = "It is yes." if template == "chat" else " It is yes."  # as the template writes it
    first, last = (
        [*tokenizer.encode(text, add_special_tokens=False), encode.end]
        for text in (early, "It is no.")
    )

    every = encode(turns)
    more: list[dict[str, Any]] = [{"pause": 77, "pauses": 2}, {"prefix_lm": True}]
    others = [ConversationEncoder.of("m", tokenizer, template, 256, **one)(turns) for one in more]

    assert [label for label in every.labels if label != IGNORED] == [*first, *last]
    for row in others:
        assert [label for label in row.labels if label != IGNORED] == last
    assert all(label in (IGNORED, id) for id, label in zip(every.ids, every.labels, strict=True))
    asked: Any = [{"role": turn.role, "content": turn.content} for turn in turns[:-1]]
    assert tokenizer.decode(every.ids[: every.prefix]) == encode.prompts.render(asked)


def test_an_answer_ends_as_the_template_ends_it(tokenizer: Any) -> None:
    tokenizer.chat_template = TURNS
    assert ending(tokenizer) == tokenizer.convert_tokens_to_ids("<|im_end|>")

    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    assert ending(tokenizer) == tokenizer.eos_token_id


def test_a_template_that_writes_earlier_turns_otherwise_is_refused(tokenizer: Any) -> None:
    tokenizer.chat_template = TURNS.replace("m.content | trim", "m.content if loop.last else '…'")
    encode = ConversationEncoder.of("m", tokenizer, "chat", 256)

    with pytest.raises(ValueError, match="writes earlier turns otherwise"):
        encode(said("What is 1?", "yes", "And 2?", "no"))


def test_a_prompt_that_is_cut_keeps_what_begins_a_text() -> None:
    tokenizer = deepcopy(sentencepiece())  # its template is replaced
    encode = ConversationEncoder.of("m", tokenizer, "vicuna", 30)

    row = encode(said("What is two and three? " * 20, "five"))

    assert len(row.ids) == 30
    assert row.ids[0] == tokenizer.bos_token_id
    assert row.cut > 100
    assert row.ids[1] != tokenizer.bos_token_id


def test_of_an_earlier_answer_that_is_cut_nothing_is_learnt() -> None:
    labels = [IGNORED, 2, 3, IGNORED, 5, 6]

    cut = finetuning_row([1, 2, 3, 4, 5, 6], [7], 99, 0, 5, labels=labels)
    whole = finetuning_row([1, 2, 3, 4, 5, 6], [7], 99, 0, 6, labels=labels)

    assert (cut.ids, cut.labels) == ((3, 4, 5, 6, 7), (IGNORED, IGNORED, 5, 6, 7))
    assert (whole.labels, whole.cut) == ((2, 3, IGNORED, 5, 6, 7), 1)


def test_texts_are_put_end_to_end_and_cut(tokenizer: Any) -> None:
    rows = rows_of_texts(["one two", "three four five"] * 9, tokenizer, 16)

    assert {len(row) for row in rows} == {16}
    assert sum(row.count(tokenizer.eos_token_id) for row in rows) >= 15


def test_texts_begin_as_their_tokenizer_begins_them() -> None:
    tokenizer = sentencepiece()

    rows = rows_of_texts(["two and three"] * 20, tokenizer, 8)

    ids = [id for row in rows for id in row]
    assert ids[: ids.index(tokenizer.eos_token_id) + 1] == [
        tokenizer.bos_token_id,
        *tokenizer.encode("two and three", add_special_tokens=False),
        tokenizer.eos_token_id,
    ]
    assert ids.count(tokenizer.bos_token_id) >= ids.count(tokenizer.eos_token_id)
