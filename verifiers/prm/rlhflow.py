"""RLHFlow's reward models (Llama 3.1 8B, {PRM, ORM}-{Mistral, Deepseek}-Data): a conversation in
which the assistant answers each step with "+" or "-"."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..aggregation import Aggregate
from .format import Rendered, Words
from .readout import Readout, Share
from .tokens import Tokens, between

USER, REPLY = "STEP-{}-GOES-HERE", "REPLY-{}-GOES-HERE"
WORDS, PLUS = Words(("+", "-")), Share(("positive", "negative"))


@dataclass(frozen=True, slots=True)
class _Turns:
    """What a chat template puts around the turns' texts."""

    opening: str
    """Before the first user's turn."""
    answer: str
    """Between a user's turn and the assistant's."""
    question: str
    """Between the assistant's and the next user's."""


def _turns(tokens: Tokens) -> _Turns:
    marks = [mark.format(turn) for turn in (1, 2) for mark in (USER, REPLY)]
    roles = ("user", "assistant", "user", "assistant")
    text = tokens.chat(tuple(zip(roles, marks, strict=True)))
    opening, answer, question, _, _ = between(text, marks)
    return _Turns(opening, answer, question)


@dataclass(frozen=True, slots=True)
class RLHFlow:
    """Every step is a user's turn (the first after the problem, in the same turn) that is answered
    "+"; a step's score is p(+) against p(−) just before its "+", all in one pass. Their own script
    (math-rm/prm_evaluate.py) forwards every prefix anew. Turns lose the white space around them, as
    in Llama's template.
    """

    name: str = "rlhflow"
    head: Words = WORDS
    readout: Readout = PLUS
    aggregate: Aggregate = "mean"

    def render(self, tokens: Tokens, problem: str, steps: Sequence[str]) -> Rendered:
        """See `Format.render`."""
        turns = _turns(tokens)
        ids = list(tokens.control(turns.opening))
        plus = tokens.one(WORDS.words[0], self.name)
        positions: list[int] = []
        for number, step in enumerate(steps):
            if number:
                ids += (plus, *tokens.control(turns.question))
            ids += tokens.plain((step if number else f"{problem} {step}").strip())
            ids += tokens.control(turns.answer)
            positions.append(len(ids) - 1)
        return Rendered(tuple(ids), tuple(positions))


@dataclass(frozen=True, slots=True)
class RLHFlowORM:
    """The problem and the whole answer in one user's turn; p(+) against p(−) of the reply."""

    name: str = "rlhflow-orm"
    head: Words = WORDS
    readout: Readout = PLUS
    aggregate: Aggregate = "last"

    def render(self, tokens: Tokens, problem: str, steps: Sequence[str]) -> Rendered:
        """See `Format.render`: one position."""
        turns = _turns(tokens)
        text = f"{problem} {''.join(steps)}".strip()
        ids = tokens.control(turns.opening) + tokens.plain(text) + tokens.control(turns.answer)
        return Rendered(ids, (len(ids) - 1,))
