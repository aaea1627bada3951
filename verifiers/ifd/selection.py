"""Which pair is kept: the rules of Selective Reflection-Tuning, as functions of scores.

A score is None where a pair could not be judged. None, and what is no number, never wins: the pair
of the stage before stays. (The released script writes 0 for what failed, and 0 always wins the
comparison of r-IFD.)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether the new pair takes the place of the old, and why."""

    changed: bool
    reason: str


def keep_harder(old: float | None, new: float | None) -> Choice:
    """Instruction selection (section 3.1): the pair of the larger IFD. A tie keeps the old one."""
    return _better("IFD", old, new, larger=True)


def keep_likelier(old: float | None, new: float | None) -> Choice:
    """Response selection (section 3.2): the answer of the smaller r-IFD. A tie keeps the old."""
    return _better("r-IFD", old, new, larger=False)


def survives(ifd: float | None, rifd: float | None) -> Choice:
    """The last filter, of the released code alone: both below 1, else the answer does not follow
    from the instruction or the instruction not from the answer. The paper does not state it."""
    for name, score in (("IFD", ifd), ("r-IFD", rifd)):
        if not scored(score):
            return Choice(False, f"{name}: not scored")
        assert score is not None
        if score >= 1:
            return Choice(False, f"{name} {score:.4g} is not below 1")
    return Choice(True, "both below 1")


def top(scores: Sequence[float | None], percent: float) -> list[int]:
    """The places of the `percent` % with the largest IFD, in the order they came; at least one if
    any may be chosen. Those of 1 and above are misaligned and never chosen, nor are those that were
    not scored; the share is of the others. Of equal scores, the first come first.

    Raises:
        ValueError: percent is not above 0 and at most 100.
    """
    if not 0 < percent <= 100:
        raise ValueError(f"percent must be above 0 and at most 100, not {percent}")
    may = [(score, i) for i, score in enumerate(scores) if score is not None and score < 1]
    count = max(1, round_half_up(len(may) * percent / 100)) if may else 0
    best = sorted(may, key=lambda pair: (-pair[0], pair[1]))[:count]
    return sorted(i for _, i in best)


def round_half_up(number: float) -> int:
    """To the nearest whole number."""
    return math.floor(number + 0.5)


def scored(score: float | None) -> bool:
    """Whether it is a number to go by."""
    return score is not None and math.isfinite(score)


def _better(name: str, old: float | None, new: float | None, *, larger: bool) -> Choice:
    for which, score in (("new", new), ("old", old)):
        if not scored(score):
            return Choice(False, f"the {which} pair's {name} was not scored")
    assert old is not None
    assert new is not None
    changed = new > old if larger else new < old
    sign = ">" if new > old else "<" if new < old else "="
    return Choice(changed, f"{name} {new:.4g} {sign} {old:.4g}")
