"""From messages and texts to token ids."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from ...errors import InputError, ModelRejected
from ..base import Message
from .prefixes import shared


@dataclass(frozen=True, slots=True)
class Prompts:
    """A model's tokenizer and chat template. The same text always becomes the same ids, so that a
    run that is resumed asks for what it would have asked for."""

    name: str
    tokenizer: Any

    def chat(self, messages: Sequence[Message]) -> list[int]:
        """The ids of the conversation, up to where its reply begins; raises as `render`."""
        return self.encode(self.render(messages))

    def render(self, messages: Sequence[Message]) -> str:
        """The conversation in the model's template, up to where its reply begins.

        Raises:
            InputError: the model has no chat template.
            ModelRejected: the template refuses these messages.
        """
        if not self.tokenizer.chat_template:
            raise InputError(
                f"model {self.name} has no chat template: it is a base model, which continues "
                "texts and holds no conversations; name its instruct version"
            )
        try:
            text = self.tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=True
            )
        except TemplateError as error:
            raise ModelRejected(f"{self.name}'s chat template refuses: {error}") from None
        return str(text)

    def reply(
        self, messages: Sequence[Message], prefix: str, separators: Sequence[str] = ()
    ) -> tuple[list[int], list[int]]:
        """The conversation, and the beginning of the reply: each step of it tokenised by itself, as
        it was written, so that what was read of the steps before stays as it is when one more is
        added. In one piece with the conversation where the tokenizer would change the text so."""
        text = self.render(messages)
        begun = self.encode(text)
        more = [id for piece in _split(prefix, separators) for id in self.encode(piece)]
        if not prefix or self.decode(begun + more) == self.decode(begun) + prefix:
            return begun, more
        whole = self.encode(text + prefix)
        border = shared(begun, whole)
        return whole[:border], whole[border:]

    def first(self, before: str, word: str) -> int:
        """The token that `word` begins with after `before`.

        Raises:
            ModelRejected: it is empty.
        """
        ids, apart = self.encode(before), self.encode(word)
        joined = self.encode(before + word)
        if not apart:
            raise ModelRejected(f"{word!r} is no word to choose")
        return (
            joined[len(ids)] if joined[: len(ids)] == ids and len(joined) > len(ids) else apart[0]
        )

    def scored(self, prompt: str, completion: str) -> tuple[list[int], range]:
        """The ids of both texts, and which of them are the completion's.

        Both are tokenised together, as in a text that is read. A token that reaches over the border
        is the completion's. Where nothing comes before the first, the tokenizer's first or else the
        model's end token is put there, since in training that is what stands between texts.

        Raises:
            InputError: the tokenizer tells no offsets, or knows no token to begin with.
        """
        if not self.tokenizer.is_fast:
            raise InputError(f"model {self.name}: its tokenizer tells no offsets to score by")
        found = self.tokenizer(prompt + completion, return_offsets_mapping=True, verbose=False)
        ids, spans = list(found["input_ids"]), found["offset_mapping"]
        ours = [i for i, (begin, end) in enumerate(spans) if end > max(begin, len(prompt))]
        if not ours:
            return ids, range(0)
        begin, end = ours[0], ours[-1] + 1
        if begin > 0:
            return ids, range(begin, end)
        starts = (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id)
        start = next((id for id in starts if id is not None), None)
        if start is None:
            raise InputError(f"model {self.name} has no token that texts begin with: give a prompt")
        return [start, *ids], range(1, end + 1)

    def encode(self, text: str) -> list[int]:
        """The ids of a text, nothing added."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False, verbose=False)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, special tokens and all."""
        text: str = self.tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        return text


def _split(text: str, separators: Sequence[str]) -> list[str]:
    """The text after each separator cut, which stays with what it ends."""
    marks = "|".join(re.escape(mark) for mark in sorted(filter(None, separators), key=len)[::-1])
    if not marks:
        return [text] if text else []
    return [piece for piece in re.findall(rf".*?(?:{marks})|.+\Z", text, re.DOTALL) if piece]
