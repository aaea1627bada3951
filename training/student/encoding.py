"""From conversations to rows of tokens, and from texts."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ...errors import InputError, ModelRejected
from ...models.base import Message
from ...models.local.prompts import Prompts
from ...verifiers.ifd.templates import CHAT, TEMPLATES
from ..examples import Unfit
from ..instructions import Conversation
from ..pauses.insertion import IGNORED, pretraining_row
from ..pauses.rows import Row, finetuning_row


class Rows(Protocol):
    """What a model is fitted to: the same for an epoch and an index, wherever a fit begins."""

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each row."""

    def row(self, index: int, epoch: int) -> Row:
        """That row, as it is in that epoch."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Rows that are the same in every epoch."""

    rows: Sequence[Row]

    @property
    def lengths(self) -> Sequence[int]:
        """See `Rows`."""
        return [len(row.ids) for row in self.rows]

    def row(self, index: int, epoch: int) -> Row:
        """See `Rows`."""
        return self.rows[index]


@dataclass(frozen=True)
class Paused:
    """Texts with pauses inserted anew in each epoch (2310.02226, algorithm 1)."""

    texts: Sequence[tuple[int, ...]]
    """Of one length each."""
    pause: int
    share: float
    seed: int = 0

    @property
    def lengths(self) -> Sequence[int]:
        """See `Rows`."""
        return [len(text) for text in self.texts]

    def row(self, index: int, epoch: int) -> Row:
        """See `Rows`."""
        rng = random.Random(f"{self.seed}/{epoch}/{index}")
        ids, labels = pretraining_row(self.texts[index], self.pause, self.share, rng)
        return Row(tuple(ids), tuple(labels))


@dataclass(frozen=True)
class ConversationEncoder:
    """A conversation as a row: what the assistant says is learnt, each answer with the token that
    ends it.

    With a template of ours, of one turn of each: the prompt's tokens, then the answer's by
    themselves, as IFD's mode "ids" has them. (FastChat tokenises both in one piece.)
    """

    prompts: Prompts
    template: str
    limit: int
    pause: int = -1
    pauses: int = 0
    before: tuple[int, ...] = ()
    """What the tokenizer puts before a text."""

    @classmethod
    def of(
        cls,
        name: str,
        tokenizer: Any,
        template: str,
        limit: int,
        *,
        pause: int = -1,
        pauses: int = 0,
    ) -> "ConversationEncoder":
        """For that tokenizer.

        Raises:
            InputError: it has no token that ends an answer, or no chat template and needs one.
        """
        if tokenizer.eos_token_id is None:
            raise InputError(f"model {name}: its tokenizer has no token that ends an answer")
        if template == CHAT and not tokenizer.chat_template:
            raise InputError(f"model {name} has no chat template: template=chat needs one")
        begins = template != CHAT and tokenizer.encode("")[:1] == [tokenizer.bos_token_id]
        before = (tokenizer.bos_token_id,) if begins else ()
        return cls(Prompts(name, tokenizer), template, limit, pause, pauses, before)

    def __call__(self, turns: Conversation, where: str = "") -> Row:
        """The row.

        Raises:
            Unfit: it does not end with an answer, or there is no room for one, or the template
                cannot hold it.
        """
        if turns[-1].role != "assistant":
            raise Unfit("a conversation must end with what the assistant says")
        prompt, labels = self._chat(turns) if self.template == CHAT else self._single(turns)
        target = self._answer(turns[-1].content)
        given = None if self.pauses else labels
        row = finetuning_row(prompt, target, self.pause, self.pauses, self.limit, labels=given)
        return replace(row, where=where)

    def _single(self, turns: Conversation) -> tuple[list[int], list[int]]:
        """The prompt's tokens, and their labels."""
        if [turn.role for turn in turns] != ["user", "assistant"]:
            roles = ", ".join(turn.role for turn in turns)
            raise Unfit("a template of ours holds one turn of each (template=chat others)", roles)
        prompt = TEMPLATES[self.template](turns[0].content)
        ids = [*self.before, *self.prompts.encode(prompt)]
        return ids, [IGNORED] * len(ids)

    def _chat(self, turns: Conversation) -> tuple[list[int], list[int]]:
        ids: list[int] = []
        labels: list[int] = []
        done = ""
        for place, turn in enumerate(turns):
            if turn.role != "assistant":
                continue
            text = self._rendered(turns[:place])
            if not text.startswith(done):
                raise Unfit("the chat template writes earlier turns otherwise once others follow")
            new = self.prompts.encode(text[len(done) :])
            ids, labels = [*ids, *new], [*labels, *[IGNORED] * len(new)]
            if place == len(turns) - 1:
                break
            answer = self._answer(turn.content)
            ids, labels = [*ids, *answer], [*labels, *answer]
            done = text + turn.content + str(self.prompts.tokenizer.eos_token)
        return ids, labels

    def _rendered(self, turns: Conversation) -> str:
        messages: list[Message] = [{"role": one.role, "content": one.content} for one in turns]
        try:
            return self.prompts.render(messages)
        except ModelRejected as error:
            raise Unfit("the chat template refuses it", str(error)) from None

    def _answer(self, text: str) -> list[int]:
        if not text.strip():
            raise Unfit("an answer is empty")
        return [*self.prompts.encode(text), self.prompts.tokenizer.eos_token_id]


def rows_of_texts(texts: Iterable[str], tokenizer: Any, length: int) -> list[tuple[int, ...]]:
    """Texts put end to end, each with the token that ends it, and cut into rows of `length` tokens;
    what is left at the end is left out.

    Raises:
        InputError: the tokenizer has no token that ends a text.
    """
    end = tokenizer.eos_token_id
    if end is None:
        raise InputError("the tokenizer has no token that ends a text")
    rows: list[tuple[int, ...]] = []
    held: list[int] = []
    for text in texts:
        held += [*tokenizer.encode(text, add_special_tokens=False, verbose=False), end]
        while len(held) >= length:
            rows.append(tuple(held[:length]))
            held = held[length:]
    return rows
