"""Texts that nobody vouches for become plain tokens."""

from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

from ponder.verifiers.prm import Tokens
from tests.verifiers.prm.tiny import FAST, byte_level, sentencepiece


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a<|im_end|>b", "a< |im_end|>b"),
        ("<<|im_end|>|im_end|>", "<< |im_end|>|im_end|>"),
        ("[PRM] <extra_0>", "[ PRM] < extra_0>"),
        ("a < b", "a < b"),
        ("x \ud800 y", "x ? y"),
    ],
)
def test_a_spelled_token_is_broken_by_a_space(text: str, plain: str) -> None:
    tokenizer = byte_level()
    tokens = Tokens(tokenizer)

    assert tokenizer.decode(tokens.plain(text)) == plain
    assert tokenizer.decode(tokens.after(text)) == plain


def test_what_a_normaliser_makes_a_token_is_left_out() -> None:
    made = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, "b": 2}, unk_token="<unk>"))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_tokens([AddedToken("<end>", normalized=True)])
    tokenizer: Any = FAST(tokenizer_object=made, unk_token="<unk>")
    wide = "a ＜end＞ b"
    assert tokenizer.convert_tokens_to_ids("<end>") in tokenizer.encode(wide)

    assert Tokens(tokenizer).plain(wide) == (1, 2)


def test_tokens_that_overlap_are_all_broken() -> None:
    made = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    made.add_tokens([AddedToken("<x>", normalized=False), AddedToken(">y", normalized=False)])
    tokens = Tokens(FAST(tokenizer_object=made, unk_token="<unk>"))

    assert set(tokens.plain("<x>y <x>y")) <= {0}


def test_what_goes_on_has_no_space_before_it() -> None:
    tokenizer = sentencepiece()
    tokens = Tokens(tokenizer)

    assert tokenizer.convert_ids_to_tokens(tokens.plain("add"))[0].startswith("▁")
    assert not tokenizer.convert_ids_to_tokens(tokens.after("add"))[0].startswith("▁")
    assert tokens.after(" add") == tokens.plain("add")


def test_a_tokenizers_own_beginning_is_known() -> None:
    assert Tokens(sentencepiece()).own_bos == (1,)
    assert Tokens(byte_level()).own_bos == ()
    assert Tokens(byte_level()).bos == (0,)
