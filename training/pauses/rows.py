"""Pauses in finetuning (2310.02226, algorithm 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..examples import Unfit
from .insertion import IGNORED


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens as a model is fitted to them."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]
    """One a token, where it is; -100 for what is not learnt."""
    prefix: int = 0
    """How many of the tokens are the prompt and its pauses."""
    where: str = ""
    """File and line, for messages."""

    @property
    def learnt(self) -> int:
        """How many tokens are learnt: the first is predicted from nothing."""
        return sum(label != IGNORED for label in self.labels[1:])


def finetuning_row(
    prompt: Sequence[int],
    target: Sequence[int],
    pause: int,
    count: int,
    limit: int,
    *,
    labels: Sequence[int] | None = None,
) -> Row:
    """Prompt, `count` pauses, target; the target alone is learnt, its first token at the last
    pause, unless the prompt has `labels` of its own, as a conversation's earlier answers have.

    Where they are longer than `limit` the prompt is cut, at its beginning: never the pauses, nor
    the target.

    Raises:
        Unfit: there is no target, or no room for it after the pauses and one token of the prompt.
    """
    if not target:
        raise Unfit("there is no token to learn")
    room = limit - count - len(target)
    if room < 1:
        raise Unfit("the answer is too long", f"{len(target)} tokens, {limit - count - 1} fit")
    before = [*prompt[-room:], *[pause] * count]
    earlier = [IGNORED] * len(prompt) if labels is None else labels
    learnt = (*earlier[-room:], *[IGNORED] * count, *target)
    return Row((*before, *target), learnt, len(before))
