"""Which samples of a task are compared, and which pairs of them are the same."""

import random
from collections.abc import Mapping, Sequence
from math import comb

MOST = 40
"""Samples of a task that are compared at most (the paper's)."""


def shuffled(task: str, texts: Mapping[str, str], seed: int) -> list[str]:
    """The ids of a task's samples in an order that is always the same. Samples without a text are
    left out before any is drawn, where the paper's code draws them and leaves out their pairs."""
    ids = sorted(id for id, text in texts.items() if text.strip())
    random.Random(f"{seed}/{task}").shuffle(ids)
    return ids


def same_pairs(classes: Sequence[Sequence[object]]) -> tuple[int, int]:
    """Among samples that fall into classes: how many pairs there are, and how many of them are
    within a class. With k classes of n each, the share of the others is (k − 1) n / (k n − 1)."""
    sizes = [len(one) for one in classes]
    return comb(sum(sizes), 2), sum(comb(size, 2) for size in sizes)
