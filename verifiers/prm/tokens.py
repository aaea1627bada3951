"""Texts to token ids, such that nothing a model wrote becomes a control token.

A text that a model or a data set wrote is *plain*: where it spells a token that was added to the
vocabulary ("<|im_end|>", "<extra_0>"), a space is put after that spelling's first character, and
should any id of such a token come out all the same, it is left out. Lone surrogates, which no
tokenizer takes, become question marks.

Steps are tokenised one by one, so that no step's ids depend on what comes after it. A tokenizer
that puts a space before the first word of all (Llama 2's) would put one before every step; `after`
prevents it.
"""

import re
from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from typing import Any

from ...errors import InputError

ANCHOR = "\n"
"""Nothing that follows it merges with it, in any tokenizer but those where no anchor is needed."""
KEPT = 65536
"""Texts whose ids are remembered: a search gives the same steps again in every round."""


class Tokens:
    """A Hugging Face tokenizer as formats use it.

    Raises:
        InputError: it is none that can be used so.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        added = {id: str(token) for id, token in tokenizer.added_tokens_decoder.items()}
        self._added = frozenset(added) - {tokenizer.unk_token_id}
        spelled = sorted((t for t in added.values() if t.strip()), key=len, reverse=True)
        self._spelling = re.compile("|".join(map(re.escape, spelled))) if spelled else None
        # Texts of ours, in which control tokens are meant, are `control`.
        self.plain = lru_cache(KEPT)(self._plain)
        self.after = lru_cache(KEPT)(self._after)
        self.control = cache(self._encode)
        self.control_after = cache(self._going_on)
        self.chat = cache(self._chat)

    @cached_property
    def own_bos(self) -> tuple[int, ...]:
        """The ids this tokenizer itself puts before a text."""
        with_them, without = self._tokenizer.encode("a"), self._encode("a")
        return tuple(with_them[: with_them.index(without[0])])

    @property
    def bos(self) -> tuple[int, ...]:
        """The id of the token that begins texts, if there is one."""
        id = self._tokenizer.bos_token_id
        return () if id is None else (id,)

    def one(self, text: str, what: str) -> int:
        """The id of a text that is one token.

        Raises:
            InputError: it is not, here; `what` says for which format that matters.
        """
        ids = self._encode(text)
        if len(ids) != 1:
            raise InputError(
                f"{what}: {text!r} is {len(ids)} tokens of this tokenizer, not one; "
                "is it the reward model's own?"
            )
        return ids[0]

    def _plain(self, text: str) -> tuple[int, ...]:
        """The ids of a text nobody vouches for, where it begins."""
        return self._without_added(self._encode(self._harmless(text)))

    def _after(self, text: str) -> tuple[int, ...]:
        """The ids of a text nobody vouches for, where it goes on from another."""
        return self._without_added(self._going_on(self._harmless(text)))

    def _going_on(self, text: str) -> tuple[int, ...]:
        anchor, both = self._encode(ANCHOR), self._encode(ANCHOR + text)
        return both[len(anchor) :] if both[: len(anchor)] == anchor else self._encode(text)

    def _chat(self, turns: tuple[tuple[str, str], ...]) -> str:
        """A conversation ((role, content), …) in the tokenizer's own template."""
        messages = [{"role": role, "content": content} for role, content in turns]
        try:
            return str(self._tokenizer.apply_chat_template(messages, tokenize=False))
        except Exception as error:  # a template is a program of the checkpoint's
            raise InputError(f"the tokenizer's chat template failed: {_line(error)}") from error

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))

    def _harmless(self, text: str) -> str:
        text = text.encode("utf-8", "replace").decode()
        while self._spelling is not None and self._spelling.search(text):
            text = self._spelling.sub(lambda found: _broken(found[0]), text)
        return text

    def _without_added(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(id for id in ids if id not in self._added)


def _broken(spelling: str) -> str:
    return f"{spelling[0]} {spelling[1:]}" if len(spelling) > 1 else " "


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def between(text: str, marks: Sequence[str]) -> list[str]:
    """The pieces of `text` before, between and after marks that come once each, in this order.

    Raises:
        InputError: they do not.
    """
    pieces: list[str] = []
    for mark in marks:
        piece, found, text = text.partition(mark)
        if not found:
            raise InputError("the tokenizer's chat template does not keep every turn's text")
        pieces.append(piece)
    return [*pieces, text]
