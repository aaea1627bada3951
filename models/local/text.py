"""A reply's text, token by token."""

from collections.abc import Sequence
from typing import Any

BROKEN = "\ufffd"
"""What the bytes of a character that is not whole are decoded to."""
LONGEST_CHARACTER = 8
"""Tokens after which bytes that make no character are taken as they are."""


class Text:
    """Turns tokens into text as they come and looks for the first stop string.

    A token may be part of a character, or of several; nothing of a character is given out before it
    is whole. `context` are tokens before the reply, since some tokenizers drop the space before the
    first word they decode.
    """

    def __init__(self, tokenizer: Any, context: Sequence[int], stops: Sequence[str]) -> None:
        self.text = ""
        """So far: without the stop string and what follows it."""
        self.stopped = False
        """Whether a stop string was found."""
        self._tokenizer = tokenizer
        self._stops = [stop for stop in stops if stop]
        self._longest = max(map(len, self._stops), default=0)
        self._ids = list(context)
        self._begin, self._read = 0, len(self._ids)
        self._before = self._decode(self._ids)

    def push(self, id: int) -> None:
        """The reply's next token."""
        self._ids.append(id)
        now = self._decode(self._ids[self._begin :])
        held = len(self._ids) - self._read
        if len(now) > len(self._before) and (not now.endswith(BROKEN) or held > LONGEST_CHARACTER):
            self._append(now[len(self._before) :])
            self._begin, self._read = self._read, len(self._ids)
            self._before = self._decode(self._ids[self._begin :])

    def end(self) -> None:
        """No token follows: what is held back and is whole belongs to the text."""
        now = self._decode(self._ids[self._begin :]).rstrip(BROKEN)
        self._append(now[len(self._before) :])
        self._begin = self._read = len(self._ids)
        self._before = ""

    def _append(self, more: str) -> None:
        seen = max(0, len(self.text) - self._longest + 1)
        self.text += more
        found = [at for stop in self._stops if (at := self.text.find(stop, seen)) >= 0]
        if found:
            self.text, self.stopped = self.text[: min(found)], True

    def _decode(self, ids: Sequence[int]) -> str:
        if not ids:
            return ""
        said: str = self._tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return said
