"""Whether an answer is the expected one. Both sides are plain data by now, never foreign objects."""

import math
from collections.abc import Sequence
from typing import Any

from .code_task import Comparison

SEQUENCES = (list, tuple)
SETS = (set, frozenset)


def same(answer: Any, expected: Any, how: Comparison | None = None) -> bool:
    """Whether `answer` equals `expected`, types included: `True` is not 1, and 3.0 is not 3.

    Unlike `==`, nan equals nan, and no method of either side is called. Values too deep to compare
    are not the same.
    """
    how = how or Comparison()
    if how.any_order and isinstance(expected, (*SEQUENCES, *SETS)):
        if not _kinds_match(answer, expected, how) or len(answer) != len(expected):
            return False
        return _same_items(list(answer), list(expected), how)
    try:
        return _same(answer, expected, how)
    except RecursionError:
        return False


def _same(answer: Any, expected: Any, how: Comparison) -> bool:
    if not _kinds_match(answer, expected, how):
        return False
    if isinstance(expected, float):
        return _same_float(answer, expected, how.absolute_tolerance)
    if isinstance(expected, complex):
        return _same_float(answer.real, expected.real, how.absolute_tolerance) and _same_float(
            answer.imag, expected.imag, how.absolute_tolerance
        )
    if isinstance(expected, SEQUENCES):
        return len(answer) == len(expected) and all(
            _same(a, e, how) for a, e in zip(answer, expected, strict=True)
        )
    if isinstance(expected, SETS):
        return len(answer) == len(expected) and _same_items(list(answer), list(expected), how)
    if isinstance(expected, dict):
        return _same_dict(answer, expected, how)
    return bool(answer == expected)


def _kinds_match(answer: Any, expected: Any, how: Comparison) -> bool:
    if type(answer) is type(expected):
        return True
    return how.tuple_is_list and isinstance(answer, SEQUENCES) and isinstance(expected, SEQUENCES)


def _same_float(answer: float, expected: float, tolerance: float) -> bool:
    if math.isnan(expected):
        return math.isnan(answer)
    return answer == expected or abs(answer - expected) <= tolerance


def _same_dict(answer: dict[Any, Any], expected: dict[Any, Any], how: Comparison) -> bool:
    if len(answer) != len(expected):
        return False
    pairs = [list(answer.items()), list(expected.items())]
    return _same_items(*pairs, how)


def _same_items(answers: list[Any], expected: Sequence[Any], how: Comparison) -> bool:
    """Each expected item has an answer of its own, in any order."""
    left = list(answers)
    for item in expected:
        found = next((i for i, answer in enumerate(left) if _same(answer, item, how)), None)
        if found is None:
            return False
        left.pop(found)
    return not left


def same_stdout(answer: str, expected: str, how: Comparison | None = None) -> bool:
    """Whether two outputs are the same but for white space at the ends of lines and of the whole.
    With a tolerance, numbers are compared as numbers."""
    tolerance = how.absolute_tolerance if how else 0.0
    answers, wanted = _lines(answer), _lines(expected)
    return len(answers) == len(wanted) and all(
        a == w or (tolerance > 0 and _same_line(a, w, tolerance))
        for a, w in zip(answers, wanted, strict=True)
    )


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _same_line(answer: str, expected: str, tolerance: float) -> bool:
    answers, wanted = answer.split(), expected.split()
    return len(answers) == len(wanted) and all(
        a == w or _same_number(a, w, tolerance) for a, w in zip(answers, wanted, strict=True)
    )


def _same_number(answer: str, expected: str, tolerance: float) -> bool:
    try:
        return _same_float(float(answer), float(expected), tolerance)
    except ValueError:
        return False
