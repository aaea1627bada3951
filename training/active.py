"""Which solutions to have labelled: those that convince the reward model, and are wrong.

Paper: "Let's Verify Step by Step", sections 2.4 and 4.2 (arXiv 2305.20050). A selector (a process
reward model that was fitted to one solution a question) scores many solutions of each question. Of
the N that are labelled, 80 % are the most convincing of those with a wrong final answer, and 20 %
the most convincing of what remains, right or wrong. While data are collected (section 2.4), all are
of the first kind, and K may be of all questions together rather than of each: `wrong=1`, `total=K`.

The paper fits the selector once: to fit it anew to what it had chosen was unstable and gained
nothing (section 4.2).

Ours, where the paper is silent: solutions of a question that say the same are one (their second
label would say what the first did); of equal scores the earlier comes first; where fewer are wrong
than were wanted, what remains takes their places.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..errors import InputError
from .examples import Example

WRONG = 0.8
"""The share of wrong answers, section 4.2."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be labelled."""

    examples: tuple[Example, ...]
    """Question by question, the wrong ones first; with a `total`, by how convincing they are."""
    wrong: int
    """How many of them have a wrong final answer."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many solutions could not be chosen at all, by reason."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: int
    example: Example
    score: float

    @property
    def convincing(self) -> tuple[float, int]:
        return (-self.score, self.place)


def choose(
    pool: Sequence[Example],
    scores: Sequence[float | None],
    *,
    each: int | None = None,
    total: int | None = None,
    wrong: float = WRONG,
) -> Chosen:
    """The solutions of a pool that are most worth a label, given a selector's score for each:
    `each` of every question, or `total` of all of them.

    A solution takes no part if nobody knows whether its answer is right (`correct` is None), or if
    the selector could not score it.

    Raises:
        InputError: not one score a solution; neither or both of `each` and `total`; a number below
            1; `wrong` is no share.
    """
    if len(pool) != len(scores):
        raise InputError(f"{len(scores)} scores of {len(pool)} solutions: must be one each")
    _check(each, total)
    if not 0 <= wrong <= 1:
        raise InputError(f"wrong={wrong} must be from 0 to 1")
    left_out: Counter[str] = Counter()
    known = list(_candidates(pool, scores, left_out))
    if total is not None:
        found = _most_convincing(known, total, wrong)
    else:
        assert each is not None
        groups = _by_question(known)
        found = [one for group in groups for one in _most_convincing(group, each, wrong)]
    examples = tuple(one.example for one in found)
    return Chosen(examples, sum(one.correct is False for one in examples), left_out)


def uniform(
    pool: Sequence[Example], *, each: int | None = None, total: int | None = None, seed: int = 0
) -> Chosen:
    """As many at random, whatever they say: what `choose` is measured against.

    Raises:
        InputError: neither or both of `each` and `total`, or a number below 1.
    """
    _check(each, total)
    numbers = random.Random(f"uniform/{seed}")
    known = [_Candidate(place, example, 0.0) for place, example in enumerate(pool)]
    groups = [known] if total is not None else _by_question(known)
    wanted = total if total is not None else each
    assert wanted is not None
    found = [one for group in groups for one in numbers.sample(group, min(wanted, len(group)))]
    examples = tuple(one.example for one in found)
    return Chosen(examples, sum(one.correct is False for one in examples))


def _check(each: int | None, total: int | None) -> None:
    if (each is None) == (total is None):
        raise InputError("give one of each= (of every question) and total= (of all of them)")
    if (each or total or 0) < 1:
        raise InputError(f"{each if total is None else total} solutions: must be 1 or more")


def _candidates(
    pool: Sequence[Example], scores: Sequence[float | None], left_out: Counter[str]
) -> Iterable[_Candidate]:
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for place, (example, score) in enumerate(zip(pool, scores, strict=True)):
        said = (example.question, example.steps)
        if example.correct is None:
            left_out["nobody knows whether the answer is right"] += 1
        elif score is None or not math.isfinite(score):
            left_out["the selector gave no score"] += 1
        elif said in seen:
            left_out["it says what an earlier one says"] += 1
        else:
            seen.add(said)
            yield _Candidate(place, example, score)


def _by_question(known: Sequence[_Candidate]) -> list[list[_Candidate]]:
    groups: dict[str, list[_Candidate]] = {}
    for one in known:
        groups.setdefault(one.example.question, []).append(one)
    return list(groups.values())


def _most_convincing(known: Sequence[_Candidate], count: int, wrong: float) -> list[_Candidate]:
    ranked = sorted(known, key=lambda one: one.convincing)
    wanted = math.floor(wrong * count + 0.5)
    first = [one for one in ranked if not one.example.correct][:wanted]
    taken = {one.place for one in first}
    rest = [one for one in ranked if one.place not in taken]
    return first + rest[: count - len(first)]
