"""EvalPlus's rule for an answer (`unsafe_execute` in evalplus/eval/__init__.py), over plain data.

An answer is right if it equals the expected one by Python's `==` (or, for some tasks, as a set of
items). If not, and there is a tolerance, it is right if it has the same type, and the same length
where it is a list or a tuple, and `numpy.allclose(answer, expected, rtol=1e-7, atol=tolerance)`.
The tolerance is the task's own; where that is 0, it becomes 1e-6 with the first expected value that
is a float, or a list or tuple of nothing but floats, and stays so to the end of the suite.

Where this deviates: nan equals nan; lists within a list must be of equal lengths, which numpy would
stretch if one has length 1; and sets may hold what Python's cannot.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from .answers import near, same
from .code_task import Comparison, Test
from .identity import SEQUENCES

FLOATS = 1e-6
"""The tolerance for floats where a task names none."""
RELATIVE = 1e-7
INTEGERS = range(-(2**63), 2**64)
"""What numpy holds as a number; it refuses to compare larger ones so."""


def with_tolerances(tests: Iterable[Test], tolerance: float) -> Iterator[Test]:
    """The tests of one suite, each with the tolerance that its answer has."""
    for test in tests:
        tolerance = _from_here(tolerance, test.expected)
        yield replace(test, absolute_tolerance=tolerance)


def right_by_evalplus(answer: Any, test: Test, how: Comparison) -> bool:
    """Whether an answer is right by EvalPlus's rule. A test without a tolerance of its own is
    alone in its suite, as it is in the scripts that EvalPlus publishes on the hub."""
    tolerance = test.absolute_tolerance
    if tolerance is None:
        tolerance = _from_here(how.absolute_tolerance, test.expected)
    if same(answer, test.expected, Comparison(numbers_alike=True, as_set=how.as_set)):
        return True
    if tolerance == 0 or type(answer) is not type(test.expected):
        return False
    try:
        return _all_close(answer, test.expected, tolerance)
    except RecursionError:
        return False


def _from_here(tolerance: float, expected: Any) -> float:
    return FLOATS if tolerance == 0 and _is_floats(expected) else tolerance


def _is_floats(value: Any) -> bool:
    if isinstance(value, SEQUENCES):
        return len(value) > 0 and all(isinstance(item, float) for item in value)
    return isinstance(value, float)


def _all_close(answer: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(answer, SEQUENCES) and isinstance(expected, SEQUENCES):
        return len(answer) == len(expected) and all(
            _all_close(a, e, tolerance) for a, e in zip(answer, expected, strict=True)
        )
    return _in_array(answer) and _in_array(expected) and _close(answer, expected, tolerance)


def _in_array(value: Any) -> bool:
    return isinstance(value, (float, complex)) or (isinstance(value, int) and value in INTEGERS)


def _close(answer: Any, expected: Any, tolerance: float) -> bool:
    if answer == expected or (answer != answer and expected != expected):
        return True
    return near(answer, expected, tolerance, RELATIVE)
