"""Whether two final answers are the same, and which of many are.

By Math-Verify's rules (huggingface/Math-Verify), or by PRM800K's (tasks/prm800k_grading.py). What
is plain is decided here; the rest by a grader's process with a hard limit (tasks/grader_pool.py).
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby

from .grader_pool import GraderPool
from .grader_process import Judgement, Question, missing
from .math_task import Grading
from .plain_answers import LONGEST, Plain, plain, quick

STRIKES = 2
"""Comparisons without a verdict after which an answer is compared with no others."""
CHUNK = 32
"""Classes that a process compares an answer with at a time."""
NEUTRAL = "0"
"""What an answer is held against to see whether it can be read at all."""
LIBRARIES = {"math-verify": ("math_verify",), "prm800k": ("sympy", "pylatexenc")}


async def equivalent(
    answer: str, gold: str, grading: Grading = "math-verify", *, pool: GraderPool | None = None
) -> bool | None:
    """Whether an answer is right, given the gold one; None where nobody can say (see `judge`).

    Raises:
        MissingError: what compares answers is not installed.
    """
    return (await judge(answer, gold, grading, pool=pool)).equal


async def judge(
    answer: str, gold: str, grading: Grading = "math-verify", *, pool: GraderPool | None = None
) -> Judgement:
    """Whether an answer is right, given the gold one, and why nobody can say, where that is so: a
    comparison took too long or too much memory, or one of the two is longer than an answer is.

    Raises:
        MissingError: what compares answers is not installed.
    """
    given, wanted = plain(answer, grading), plain(gold, grading)
    decided = quick(given, wanted)
    if decided is not None:
        return Judgement(decided)
    (judgement,) = await _ask(given, [wanted], pool or _shared())
    return judgement


async def classes(
    answers: Sequence[str | None],
    grading: Grading = "math-verify",
    *,
    pool: GraderPool | None = None,
) -> list[list[int]]:
    """The places of equal answers, class by class, in the order of their first appearance.

    Each answer is compared with the first of every class alone, both ways round, so that as little
    as possible depends on the order. What cannot be compared is equal to its own text only.
    Answers that are None or empty are in no class, unlike in search-and-learn, where "" can win a
    vote.

    Raises:
        MissingError: what compares answers is not installed.
    """
    found: list[_Class] = []
    known: dict[object, _Class] = {}
    for place, answer in enumerate(answers):
        if answer is None or not answer.strip():
            continue
        form = plain(answer, grading)
        if form.key not in known:
            known[form.key] = await _class_of(form, found, pool or _shared())
        known[form.key].places.append(place)
    return [each.places for each in found]


def require(grading: Grading = "math-verify") -> None:
    """See, before anything is paid for, that answers can be compared.

    Raises:
        MissingError: what compares them is not installed.
    """
    for library in LIBRARIES[grading]:
        if find_spec(library) is None:
            raise missing(library)


class _Class:
    """Answers that are equal to the first of them."""

    def __init__(self, first: Plain) -> None:
        self.first = first
        self.places: list[int] = []
        self.strikes = 0


async def _class_of(form: Plain, found: list[_Class], pool: GraderPool) -> _Class:
    """The class that an answer belongs to, which is a new one if it belongs to none."""
    new = _Class(form)
    plainly = [quick(form, other.first) for other in found]
    first = plainly.index(True) if True in plainly else len(found)
    others = [
        other
        for other, equal in zip(found[:first], plainly, strict=False)
        if equal is None and other.strikes < STRIKES
    ]
    if not await _readable(form, pool):
        new.strikes, others = STRIKES, []
    for batch in _batches(form, others):
        same = await _first_equal(new, batch, pool)
        if same is not None:
            return same
    if first < len(found):
        return found[first]
    found.append(new)
    return new


def _batches(form: Plain, others: list[_Class]) -> Iterator[list[_Class]]:
    """The classes in their order, those apart whose unit, like the answer's own, says something."""
    for _, group in groupby(others, lambda other: bool(form.unit and other.first.unit)):
        batch = list(group)
        yield from (batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK))


async def _first_equal(new: _Class, others: list[_Class], pool: GraderPool) -> _Class | None:
    """The first of some classes that a new one is equal to."""
    if len(others) > 1:
        judgements = await _ask(new.first, [other.first for other in others], pool, either=True)
        if judgements[-1].equal:
            return others[len(judgements) - 1]
        if all(judgement.equal is False for judgement in judgements):
            return None
        # Something hangs or fails: one by one, to see what.
    for other in others:
        if STRIKES in (new.strikes, other.strikes):
            continue
        (judgement,) = await _ask(new.first, [other.first], pool, either=True)
        if judgement.equal:
            return other
        if judgement.equal is None:
            new.strikes, other.strikes = new.strikes + 1, other.strikes + 1
    return None


async def _readable(form: Plain, pool: GraderPool) -> bool:
    """Whether an answer can be compared with anything. So one that cannot be costs one time limit,
    and no strike to others."""
    if form.number is not None:
        return True
    (judgement,) = await _ask(form, [plain(NEUTRAL, form.grading)], pool)
    return judgement.equal is not None


async def _ask(
    answer: Plain, golds: Sequence[Plain], pool: GraderPool, *, either: bool = False
) -> Sequence[Judgement]:
    """The judgements of a grader, up to the first gold that is equal."""
    longest = max(len(form.text) for form in (answer, *golds))
    if longest > LONGEST:
        why = f"{longest} characters are more than an answer has"
        return [Judgement(None, why)] * len(golds)
    # PRM800K's rules are the same both ways.
    either = either and answer.grading != "prm800k"
    units = answer.unit and all(gold.unit for gold in golds)
    given, *wanted = (form.form if units else form.text for form in (answer, *golds))
    question = Question(given, tuple(wanted), answer.grading, either)
    return await asyncio.wrap_future(pool.submit(question))


def _shared() -> GraderPool:
    """The pool of those who name none, one for a process."""
    return _pool_of(os.getpid())


@lru_cache(maxsize=1)
def _pool_of(process: int) -> GraderPool:
    return GraderPool()
