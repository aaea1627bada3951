"""Whether an answer is the expected one. Both are plain data by now, never foreign objects.

An answer may be made to be dear to compare. So nothing here is quadratic, and whatever is collected
in a dict is text (tasks/identity.py).
"""

import math
from collections import Counter, deque
from typing import Any

from .code_task import Comparison
from .identity import NUMBERS, REALS, SEQUENCES, SETS, identity, same_kind

COLLECTIONS = (*SEQUENCES, *SETS, deque)


def same(answer: Any, expected: Any, how: Comparison | None = None) -> bool:
    """Whether `answer` equals `expected`, types included: `True` is not 1, and 3.0 is not 3.

    Unlike `==`, nan equals nan, the order of an OrderedDict says nothing, and no method of either
    side is called. Values too deep to compare are not the same.
    """
    how = how or Comparison()
    try:
        return _same_whole(answer, expected, how)
    except RecursionError:
        return False


def _same_whole(answer: Any, expected: Any, how: Comparison) -> bool:
    if how.top_tuple_is_list:
        answer = list(answer) if type(answer) is tuple else answer
        expected = list(expected) if type(expected) is tuple else expected
    if how.as_set and isinstance(answer, COLLECTIONS) and isinstance(expected, COLLECTIONS):
        return _same_items(_distinct(answer, how), _distinct(expected, how), how)
    if how.any_order and isinstance(expected, COLLECTIONS):
        return same_kind(answer, expected, how) and _same_items(list(answer), list(expected), how)
    return _same(answer, expected, how)


def _same(answer: Any, expected: Any, how: Comparison) -> bool:
    if not same_kind(answer, expected, how):
        return False
    if isinstance(answer, NUMBERS) and isinstance(expected, NUMBERS):
        return same_number(answer, expected, how.absolute_tolerance, how.relative_tolerance)
    if isinstance(expected, (*SEQUENCES, deque)):
        return len(answer) == len(expected) and all(
            _same(a, e, how) for a, e in zip(answer, expected, strict=True)
        )
    if isinstance(expected, SETS):
        return _same_items(list(answer), list(expected), how)
    if isinstance(expected, dict):
        return _same_dict(answer, expected, how)
    return bool(answer == expected)


def same_number(answer: Any, expected: Any, absolute: float, relative: float = 0.0) -> bool:
    """Whether two numbers are equal, or within |answer - expected| <= absolute + relative *
    |expected| if one of them is a float (or complex). nan is equal to nan alone."""
    if answer == expected or (answer != answer and expected != expected):
        return True
    floats = (float, complex)
    if not (absolute or relative) or not isinstance(answer, floats) | isinstance(expected, floats):
        return False
    return near(answer, expected, absolute, relative)


def near(answer: Any, expected: Any, absolute: float, relative: float) -> bool:
    """Whether |answer - expected| <= absolute + relative * |expected|, as floats. Never of what is
    not finite, or is no float."""
    try:
        one, other = (
            float(value) if isinstance(value, REALS) else complex(value)
            for value in (answer, expected)
        )
        limit = absolute + relative * abs(other)
        return math.isfinite(abs(one)) and math.isfinite(limit) and abs(one - other) <= limit
    except OverflowError:
        return False  # too large to be a float


def _same_dict(answer: dict[Any, Any], expected: dict[Any, Any], how: Comparison) -> bool:
    if len(answer) != len(expected):  # two keys that are nan have one identity
        return False
    answers = {identity(key, how): value for key, value in answer.items()}
    wanted = {identity(key, how): value for key, value in expected.items()}
    return answers.keys() == wanted.keys() and all(
        _same(answers[key], wanted[key], how) for key in wanted
    )


def _same_items(answers: list[Any], expected: list[Any], how: Comparison) -> bool:
    """Each expected item has an answer of its own, in any order."""
    if len(answers) != len(expected):
        return False
    if not (how.absolute_tolerance or how.relative_tolerance):
        return Counter(identity(item, how) for item in answers) == Counter(
            identity(item, how) for item in expected
        )
    # Pairwise in order: the best match there is for numbers, and never quadratic.
    ordered = (sorted(items, key=lambda item: _order(item, how)) for items in (answers, expected))
    return all(_same(answer, item, how) for answer, item in zip(*ordered, strict=True))


def _distinct(items: Any, how: Comparison) -> list[Any]:
    return list({identity(item, how): item for item in items}.values())


def _order(value: Any, how: Comparison) -> tuple[int, float, str]:
    text = identity(value, how)
    if not isinstance(value, REALS) or value != value:  # nan has no place among numbers
        return 1, 0.0, text
    try:
        return 0, float(value), text  # as a float: a Decimal is dear to compare with a Fraction
    except OverflowError:
        return 0, math.inf if value > 0 else -math.inf, text
