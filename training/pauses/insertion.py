"""Pauses in pretraining (2310.02226, algorithm 1)."""

import random
from collections.abc import Sequence

IGNORED = -100
"""The label of what is not learnt."""


def insert(ids: Sequence[int], pause: int, count: int, rng: random.Random) -> list[int]:
    """The sequence with so many pauses at random places: each of the C(N + count, count) ways in
    which they can stand among its N tokens is equally likely."""
    places = set(rng.sample(range(len(ids) + count), count))
    rest = iter(ids)
    return [pause if place in places else next(rest) for place in range(len(ids) + count)]


def labels_of(ids: Sequence[int], pause: int) -> list[int]:
    """What is learnt of such a sequence, with labels where the tokens are (the model's loss shifts
    them): every token but the pauses. So what is predicted at k is left out where the token at
    k + 1 is a pause (S_ignore), and kept where a pause stands at k itself: that is how the gradient
    comes to the pauses."""
    return [IGNORED if id == pause else id for id in ids]


def pretraining_row(
    ids: Sequence[int], pause: int, share: float, rng: random.Random
) -> tuple[list[int], list[int]]:
    """Tokens and labels of a text of N tokens with round(share * N) pauses inserted, cut back to N:
    as many tokens are read as without, and about a tenth fewer are real (the paper's 10 %)."""
    count = round(share * len(ids))
    made = insert(ids, pause, count, rng)[: len(ids)]
    return made, labels_of(made, pause)
