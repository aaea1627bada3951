"""From conversations to rows of tokens, and from texts."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

from ...errors import InputError, ModelRejected
from ...models.local.prompts import Prompts
from ...verifiers.ifd.templates import CHAT
from ..examples import Unfit
from ..instructions import Conversation, Turn
from ..pauses.insertion import IGNORED, pretraining_row
from ..pauses.rows import Row, finetuning_row
from .chat import INPUT, begun_with, chat_template, ending


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


@dataclass(frozen=True, slots=True)
class ConversationEncoder:
    """A conversation as a row: what the assistant says is learnt, each answer with the token that
    ends it.

    Prompt and answer are tokenised each by itself, as in IFD's mode "ids", and as a model is asked.
    (FastChat tokenises both in one piece.)
    """

    prompts: Prompts
    limit: int
    end: int
    """The token that ends an answer."""
    pause: int = -1
    pauses: int = 0
    last: bool = False
    """Whether the last answer alone is learnt: there are pauses before it, or what is before it is
    read both ways."""
    head: int = 0
    """Tokens at a text's beginning that are kept where its prompt is cut."""

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
        prefix_lm: bool = False,
    ) -> "ConversationEncoder":
        """For that tokenizer, whose chat template becomes `template`, if that is one of ours.

        Raises:
            InputError: it has no token that ends an answer, or no chat template and needs one.
        """
        if tokenizer.eos_token_id is None:
            raise InputError(f"model {name}: its tokenizer has no token that ends an answer")
        if template == CHAT and not tokenizer.chat_template:
            raise InputError(f"model {name} has no chat template: template=chat needs one")
        if template != CHAT:
            tokenizer.chat_template = chat_template(template, begin=bool(begun_with(tokenizer)))
        prompts = Prompts(name, tokenizer)
        asked = prompts.chat([{"role": "user", "content": "?"}])
        return cls(
            prompts,
            limit,
            ending(tokenizer),
            pause,
            pauses,
            last=bool(pauses) or prefix_lm,
            head=int(asked[:1] == [tokenizer.bos_token_id]),
        )

    def __call__(self, turns: Conversation, where: str = "") -> Row:
        """The row.

        Raises:
            Unfit: it does not end with an answer, or there is no room for one, or the template
                cannot hold it.
        """
        if turns[-1].role != "assistant":
            raise Unfit("a conversation must end with what the assistant says")
        prompt, labels = self._before(turns)
        row = finetuning_row(
            prompt,
            self._answer(turns[-1].content),
            self.pause,
            self.pauses,
            self.limit,
            labels=None if self.last else labels,
            head=self.head,
        )
        return replace(row, where=where)

    def _before(self, turns: Conversation) -> tuple[list[int], list[int]]:
        """The tokens before the last answer, and their labels."""
        ids: list[int] = []
        labels: list[int] = []
        done = ""
        places = [place for place, turn in enumerate(turns) if turn.role == "assistant"]
        for place, following in pairwise([*places, len(turns)]):
            asked = self._rendered(turns[:place])
            new = self.prompts.encode(asked[len(done) :])
            ids, labels = [*ids, *new], [*labels, *[IGNORED] * len(new)]
            if following < len(turns):
                whole = self._rendered(turns[:following])
                said, done = self._kept(asked, turns[place].content, whole)
                answer = self._answer(said)
                ids, labels = [*ids, *answer], [*labels, *answer]
        return ids, labels

    def _kept(self, asked: str, said: str, whole: str) -> tuple[str, str]:
        """An earlier answer as the template writes it, and all up to its end."""
        end = str(self.prompts.tokenizer.convert_ids_to_tokens(self.end))
        for text in (said, said.strip()):
            if whole.startswith(asked + text + end):
                return text, asked + text + end
        raise Unfit("the chat template writes earlier turns otherwise once others follow")

    def _rendered(self, turns: Conversation) -> str:
        if not any(turn.role == "user" for turn in turns):
            raise Unfit("an answer must follow what a user says")
        try:
            return self.prompts.render([self._message(turn) for turn in turns])
        except ModelRejected as error:
            raise Unfit("the chat template refuses it", str(error)) from None

    def _message(self, turn: Turn) -> Any:
        apart = INPUT in self.prompts.tokenizer.chat_template
        if not (apart and turn.input):
            return {"role": turn.role, "content": turn.text}
        return {"role": turn.role, "content": turn.content, "input": turn.input}

    def _answer(self, text: str) -> list[int]:
        if not text.strip():
            raise Unfit("an answer is empty")
        return [*self.prompts.encode(text), self.end]


def rows_of_texts(texts: Iterable[str], tokenizer: Any, length: int) -> list[tuple[int, ...]]:
    """Texts put end to end, each with the token that ends one, and before it what the tokenizer
    begins texts with; cut into rows of `length` tokens. What is left at the end is left out.

    Raises:
        InputError: the tokenizer has no token that ends a text.
    """
    end, before = tokenizer.eos_token_id, begun_with(tokenizer)
    if end is None:
        raise InputError("the tokenizer has no token that ends a text")
    rows: list[tuple[int, ...]] = []
    held: list[int] = []
    for text in texts:
        held += [*before, *tokenizer.encode(text, add_special_tokens=False, verbose=False), end]
        whole = len(held) - len(held) % length
        rows += [tuple(held[at : at + length]) for at in range(0, whole, length)]
        held = held[whole:]
    return rows
