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
    cut: int = 0
    """How many tokens of the prompt there was no room for."""

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
    head: int = 0,
) -> Row:
    """Prompt, `count` pauses, target; the target alone is learnt, its first token at the last
    pause, unless the prompt has `labels` of its own, as a conversation's earlier answers have.

    Where they are longer than `limit` the prompt is cut, at its beginning, but for its first `head`
    tokens: never the pauses, nor the target. Of an earlier answer that was cut nothing is learnt.

    Raises:
        Unfit: there is no target, or no room for it after the pauses and one token of the prompt.
    """
    if not target:
        raise Unfit("there is no token to learn")
    room = limit - count - len(target) - head
    if room < 1:
        raise Unfit(
            "the answer is too long", f"{len(target)} tokens, {limit - count - head - 1} fit"
        )
    earlier = [IGNORED] * len(prompt) if labels is None else list(labels)
    cut = max(0, len(prompt) - head - room)
    left = slice(head + cut, None)
    before = [*prompt[:head], *prompt[left], *[pause] * count]
    learnt = (*earlier[:head], *_whole(earlier, head + cut), *[IGNORED] * count, *target)
    return Row((*before, *target), learnt, len(before), cut=cut)


def _whole(labels: list[int], start: int) -> list[int]:
    """The labels from `start` on, without the rest of an answer that began before."""
    end = start
    if start and labels[start - 1] != IGNORED:
        while end < len(labels) and labels[end] != IGNORED:
            end += 1
    return [*[IGNORED] * (end - start), *labels[end:]]
