"""From texts to the tokens whose losses make a ratio. Two ways:

"ids" (ours): the answer is tokenised once, and its tokens stand behind the prompt's, and behind the
token that texts begin with. So both losses are of the same tokens, each given something.

"official": the texts of Selective Reflection-Tuning's released script (its file data_analysis.py),
joined, tokenised and cut as it does. So L(y) has one token less than L(y|x) where a tokenizer puts
none before a text; a token that reaches over the border counts for one side alone; and an
instruction that its input repeats is scored from its last occurrence on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ...errors import InputError

Mode = Literal["ids", "official"]


class Unscored(ValueError):
    """A pair cannot be scored, for this reason."""


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens to read, and which of them are scored."""

    ids: tuple[int, ...]
    start: int
    """The first that is scored, at least 1: there is nothing that it follows from otherwise."""

    @property
    def scored(self) -> tuple[int, ...]:
        """Those that are."""
        return self.ids[self.start :]


@dataclass(frozen=True, slots=True)
class Texts:
    """What is asked of a pair: how likely `target` is after `prompt`, and by itself."""

    prompt: str
    target: str
    found: str
    """The part of it that the released script looks for, to know where it begins."""


Spans = tuple[Span, Span]
"""Of the target after its prompt, and alone."""


class Cut(Protocol):
    """Turns texts into spans.

    Raises:
        Unscored: there is nothing to score.
    """

    def __call__(self, texts: Texts) -> Spans:
        """The two of them."""


@dataclass(frozen=True)
class ById:
    """Mode "ids". A target that does not fit behind its prompt is cut at its end, on both sides."""

    encode: Callable[[str], Sequence[int]]
    """Without special tokens."""
    before: tuple[int, ...]
    """What stands before a prompt."""
    start: int
    """What stands before a text that has no prompt."""
    limit: int

    @classmethod
    def of(cls, tokenizer: Any, limit: int, *, chat: bool, name: str) -> "ById":
        """With that tokenizer; a chat template has its beginning in it.

        Raises:
            InputError: it knows no token that texts begin with.
        """
        starts = (tokenizer.bos_token_id, tokenizer.eos_token_id)
        start = next((id for id in starts if id is not None), None)
        if start is None:
            raise InputError(
                f"model {name} has no token that texts begin with, to score answers by"
            )
        first = tokenizer.encode("")[:1]
        before = () if chat or first != [tokenizer.bos_token_id] else tuple(first)

        def encode(text: str) -> list[int]:
            found: list[int] = tokenizer.encode(text, add_special_tokens=False, verbose=False)
            return found

        return cls(encode, before, start, limit)

    def __call__(self, texts: Texts) -> Spans:
        """See `Cut`."""
        prompt = (*self.before, *self.encode(texts.prompt)) or (self.start,)
        room = self.limit - max(len(prompt), 1)
        if room < 1:
            raise Unscored(f"its prompt alone has {len(prompt)} tokens of {self.limit}")
        target = tuple(self.encode(texts.target))[:room]
        if not target:
            raise Unscored("there is no token to score")
        return Span((*prompt, *target), len(prompt)), Span((self.start, *target), 1)


@dataclass(frozen=True)
class Official:
    """Mode "official". What the script gives NaN or 0 for has nothing to score."""

    tokenizer: Any
    limit: int

    def __call__(self, texts: Texts) -> Spans:
        """See `Cut`."""
        if not texts.target:
            raise Unscored("there is no token to score")
        whole = texts.prompt + texts.target
        start = len(self._encode(whole[: whole.rfind(texts.found)]))
        given = self._encode(whole, self.limit)
        # The 1 is for the token that a tokenizer puts before a text, counted in both.
        room = self.limit - len(self._encode(texts.prompt, self.limit)) + 1
        alone = self._encode(texts.target, room)
        spans = Span(given, max(1, start)), Span(alone, 1)
        for span, what in zip(spans, ("after its prompt", "alone"), strict=True):
            if not span.scored:
                raise Unscored(f"no token of it is left to score {what}, of {self.limit} in all")
        return spans

    def _encode(self, text: str, limit: int | None = None) -> tuple[int, ...]:
        cut = {} if limit is None else {"truncation": True, "max_length": limit}
        return tuple(self.tokenizer.encode(text, verbose=False, **cut))
