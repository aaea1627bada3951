"""From messages and texts to token ids."""

from itertools import pairwise
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from ponder.errors import InputError, ModelRejected
from ponder.models import Message
from ponder.models.local.prompts import Prompts
from ponder.models.local.text import Text
from tests.models.local.tiny import CORPUS, SPECIAL, TEMPLATE, tokenizer

ASKED: list[Message] = [{"role": "user", "content": "the cat"}]
BEGUN = "<|turn|>user\nthe cat<|stop|>\n<|turn|>assistant\n"


def sentencepiece() -> Any:
    """One that marks words by the space before them, as Llama 2's does: a text by itself begins
    with such a mark, and loses it when it is decoded."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    made.decoder = decoders.Metaspace(prepend_scheme="always")
    special = [*SPECIAL, "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=special, show_progress=False)
    made.train_from_iterator(CORPUS * 4, trainer)
    wrap: Any = PreTrainedTokenizerFast
    wrapped = wrap(tokenizer_object=made, eos_token="<|end|>")
    wrapped.chat_template = TEMPLATE
    return wrapped


def test_each_step_of_a_reply_is_tokenised_by_itself() -> None:
    prompts = Prompts("m", tokenizer())

    begun, more = prompts.reply(ASKED, "Step 1: two\n\nfour\n\nthe", ["\n", "\n\n"])

    pieces = ("Step 1: two\n\n", "four\n\n", "the")
    assert begun == prompts.encode(BEGUN)
    assert more == [id for piece in pieces for id in prompts.encode(piece)]


def test_a_reply_that_grows_keeps_the_ids_it_had() -> None:
    prompts = Prompts("m", tokenizer())
    steps = ["Step 1: two\n\n", "\n\n", "four and two\n\n", " the mat"]

    grown = [prompts.reply(ASKED, "".join(steps[:count]), ["\n\n"])[1] for count in range(5)]

    for shorter, longer in pairwise(grown):
        assert longer[: len(shorter)] == shorter


def test_where_steps_by_themselves_would_change_the_text_it_is_tokenised_whole() -> None:
    prompts = Prompts("m", sentencepiece())

    begun, more = prompts.reply(ASKED, "the cat.the mat", ["."])

    assert begun + more == prompts.encode(BEGUN + "the cat.the mat")
    assert begun == prompts.encode(BEGUN)[: len(begun)]


def test_a_choice_begins_with_the_token_it_has_where_it_stands() -> None:
    prompts = Prompts("m", sentencepiece())

    assert prompts.first("the cat.", "mat") != prompts.encode("mat")[0]
    assert prompts.first("the cat", " mat") == prompts.encode("mat")[0]


def test_spaces_between_a_prompt_and_its_reply_are_kept() -> None:
    words = sentencepiece()
    whole = words.encode("the cat sat on", add_special_tokens=False)
    made = Text(words, whole[:2], [])

    for id in whole[2:]:
        made.push(id)

    assert words.decode(whole[:2]) + made.text == "the cat sat on"


def test_tokens_of_a_completion_are_told_from_its_prompts() -> None:
    prompts = Prompts("m", tokenizer())

    ids, ours = prompts.scored("the cat", " sat 猫")

    assert prompts.decode(ids) == "the cat sat 猫"
    assert prompts.decode([ids[at] for at in ours]) == " sat 猫"


def test_a_tokenizer_that_begins_texts_itself_needs_no_other_beginning() -> None:
    from tokenizers.processors import TemplateProcessing

    words = tokenizer()
    words.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|turn|> $A", special_tokens=[("<|turn|>", 1)]
    )

    ids, ours = Prompts("m", words).scored("", "the cat")

    assert ids[0] == 1
    assert list(ours) == list(range(1, len(ids)))


def test_a_model_with_nothing_to_begin_a_text_with_says_so() -> None:
    words = tokenizer()
    words.eos_token = None

    with pytest.raises(InputError, match="no token that texts begin with: give a prompt"):
        Prompts("m", words).scored("", "the cat")


def test_an_empty_choice_is_rejected() -> None:
    with pytest.raises(ModelRejected, match="'' is no word to choose"):
        Prompts("m", tokenizer()).first("the", "")
