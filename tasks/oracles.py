"""Rules of their own for tasks whose answer is not one value, by name.

Most are EvalPlus's (`unsafe_execute` in evalplus/eval/__init__.py, and _special_oracle.py there).
An oracle is given a hostile answer: it computes with numbers of a bounded size alone.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..errors import InputError
from .answers import near, same
from .code_task import Comparison, Test
from .evalplus import right_by_evalplus
from .identity import NUMBERS, REALS

Oracle = Callable[[Any, Test, Comparison], bool]


def right(answer: Any, test: Test, how: Comparison) -> bool:
    """Whether `answer` is right for the test's input. Never raises for an answer.

    Raises:
        InputError: the comparison names an oracle that nobody knows.
    """
    if how.oracle is None:
        return _by_value(answer, test, how)
    if how.oracle not in ORACLES:
        raise InputError(f"oracle {how.oracle!r} is not one of {', '.join(ORACLES)}")
    return ORACLES[how.oracle](answer, test, how)


def _by_value(answer: Any, test: Test, how: Comparison) -> bool:
    if how.evalplus:
        return right_by_evalplus(answer, test, how)
    if test.absolute_tolerance is not None:
        how = replace(how, absolute_tolerance=test.absolute_tolerance)
    return same(answer, test.expected, how)


def _truth(answer: Any, test: Test, how: Comparison) -> bool:
    """`assert f(x)`: anything true will do, and `assert not f(x)` anything false."""
    return bool(answer) == bool(test.expected)


def _any(answer: Any, test: Test, how: Comparison) -> bool:
    """Mbpp/164: whatever is returned."""
    return True


def _not_none(answer: Any, test: Test, how: Comparison) -> bool:
    """Mbpp/737, 787, 794: anything but None where the canonical solution gives anything but None.
    An answer that is a bool must be the right one."""
    known = test.expected if isinstance(test.expected, bool) else test.expected is not None
    return (answer if isinstance(answer, bool) else answer is not None) == known


def _zero_too(answer: Any, test: Test, how: Comparison) -> bool:
    """Mbpp/295 (sum_div): the expected value, or 0."""
    return _is(answer, 0) or _by_value(answer, test, how)


def _root(answer: Any, test: Test, how: Comparison) -> bool:
    """HumanEval/32 (find_zero): where the polynomial of those coefficients is 0, within the
    tolerance."""
    if not isinstance(answer, REALS):
        return False
    (coefficients,) = test.input
    try:
        x = float(answer)
        value = math.fsum(factor * x**power for power, factor in enumerate(coefficients))
    except (OverflowError, ValueError):  # beyond a float, or the sum of inf and -inf
        return False
    return abs(value) <= how.absolute_tolerance


def _surface(answer: Any, test: Test, how: Comparison) -> bool:
    """Mbpp/581 (surface_Area of a square pyramid): the height given may be the slanted one, as the
    expected value has it, or the upright one."""
    if _by_value(answer, test, how):
        return True
    try:
        base, height = map(float, test.input)
        other = round(base * base + 2 * base * math.hypot(base / 2, height))
    except (OverflowError, TypeError, ValueError):
        return False
    return _is(answer, other, test.absolute_tolerance or how.absolute_tolerance)


def _digits(answer: Any, test: Test, how: Comparison) -> bool:
    """Mbpp/558 (digit_distance_nums): the shorter number may be filled with zeros on the left,
    where the expected value leaves out the digits that have no counterpart."""
    if _by_value(answer, test, how):
        return True
    one, other = map(str, test.input)
    width = max(len(one), len(other))
    pairs = list(zip(one.rjust(width, "0"), other.rjust(width, "0"), strict=True))
    if not all(digit.isdecimal() for pair in pairs for digit in pair):
        return False
    return _is(answer, sum(abs(int(a) - int(b)) for a, b in pairs))


def _is(answer: Any, wanted: float, tolerance: float = 0.0) -> bool:
    return isinstance(answer, NUMBERS) and (
        answer == wanted or (tolerance > 0 and near(answer, wanted, tolerance, 0.0))
    )


ORACLES: dict[str, Oracle] = {
    "truth": _truth,
    "any": _any,
    "not_none": _not_none,
    "zero_too": _zero_too,
    "polynomial_root": _root,
    "pyramid_surface": _surface,
    "digit_distance": _digits,
}
