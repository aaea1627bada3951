"""Whether an answer is the expected one. Both are plain data by now, never foreign objects."""

from collections import Counter
from typing import Any

from .code_task import Comparison

SEQUENCES = (list, tuple)
SETS = (set, frozenset)
COLLECTIONS = (*SEQUENCES, *SETS)
NUMBERS = (bool, int, float)


def same(answer: Any, expected: Any, how: Comparison | None = None) -> bool:
    """Whether `answer` equals `expected`, types included: `True` is not 1, and 3.0 is not 3.

    Unlike `==`, nan equals nan, and no method of either side is called. Values too deep to compare
    are not the same.
    """
    how = how or Comparison()
    try:
        return _same_whole(answer, expected, how)
    except RecursionError:
        return False


def _same_whole(answer: Any, expected: Any, how: Comparison) -> bool:
    if how.as_set and isinstance(answer, COLLECTIONS) and isinstance(expected, COLLECTIONS):
        answer, expected = _distinct(answer, how), _distinct(expected, how)
        return len(answer) == len(expected) and _same_items(answer, expected, how)
    if how.any_order and isinstance(expected, COLLECTIONS):
        if not _kinds_match(answer, expected, how) or len(answer) != len(expected):
            return False
        return _same_items(list(answer), list(expected), how)
    return _same(answer, expected, how)


def _same(answer: Any, expected: Any, how: Comparison) -> bool:
    if not _kinds_match(answer, expected, how):
        return False
    if isinstance(answer, NUMBERS) and isinstance(expected, NUMBERS):
        return _same_number(answer, expected, how.absolute_tolerance)
    if isinstance(expected, complex):
        return _same_number(answer.real, expected.real, how.absolute_tolerance) and _same_number(
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
    if how.numbers_alike and (
        (isinstance(answer, NUMBERS) and isinstance(expected, NUMBERS))
        or (isinstance(answer, SETS) and isinstance(expected, SETS))
    ):
        return True
    return how.tuple_is_list and isinstance(answer, SEQUENCES) and isinstance(expected, SEQUENCES)


def _same_number(answer: float, expected: float, tolerance: float) -> bool:
    if answer == expected:
        return True
    if not (isinstance(answer, float) or isinstance(expected, float)):
        return False  # a tolerance is for floats
    if answer != answer or expected != expected:
        return answer != answer and expected != expected  # both are nan
    try:
        return tolerance > 0 and abs(answer - expected) <= tolerance
    except OverflowError:
        return False  # an integer too large to be a float


def _same_dict(answer: dict[Any, Any], expected: dict[Any, Any], how: Comparison) -> bool:
    answers = {_identity(key, how): value for key, value in answer.items()}
    wanted = {_identity(key, how): value for key, value in expected.items()}
    return answers.keys() == wanted.keys() and all(
        _same(answers[key], wanted[key], how) for key in wanted
    )


def _same_items(answers: list[Any], expected: list[Any], how: Comparison) -> bool:
    """Each expected item has an answer of its own, in any order."""
    if len(answers) != len(expected):
        return False
    if how.absolute_tolerance == 0:
        return Counter(_identity(item, how) for item in answers) == Counter(
            _identity(item, how) for item in expected
        )
    # Pairwise in order: the best match there is for numbers, and never quadratic.
    pairs = zip(sorted(answers, key=_order), sorted(expected, key=_order), strict=True)
    return all(_same(answer, item, how) for answer, item in pairs)


def _distinct(items: Any, how: Comparison) -> list[Any]:
    return list({_identity(item, how): item for item in items}.values())


def _order(value: Any) -> tuple[int, Any]:
    if isinstance(value, NUMBERS):
        return (0, value) if value == value else (1, "")  # nan has no place among numbers
    return (2, repr(value))


def _identity(value: Any, how: Comparison) -> Any:
    """Something hashable that is equal for values that are the same with no tolerance."""
    kind = type(value).__name__
    if isinstance(value, (*NUMBERS, complex)):
        if value != value:
            return "nan", repr(value)
        return value if how.numbers_alike else (kind, value)
    if isinstance(value, SEQUENCES):
        items = tuple(_identity(item, how) for item in value)
        return "sequence" if how.tuple_is_list else kind, items
    if isinstance(value, SETS):
        return "set" if how.numbers_alike else kind, frozenset(_identity(v, how) for v in value)
    if isinstance(value, dict):
        pairs = ((_identity(k, how), _identity(v, how)) for k, v in value.items())
        return kind, frozenset(pairs)
    return kind, value


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
        a == w or _same_word(a, w, tolerance) for a, w in zip(answers, wanted, strict=True)
    )


def _same_word(answer: str, expected: str, tolerance: float) -> bool:
    try:
        return _same_number(float(answer), float(expected), tolerance)
    except ValueError:
        return False
