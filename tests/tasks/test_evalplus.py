"""EvalPlus's rule for answers, and its oracles."""

from decimal import Decimal
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import Comparison, Key, Test, right, with_expected
from ponder.tasks.values import Match

NAN = float("nan")
EVALPLUS = Comparison(evalplus=True)
AS_SET = Comparison(evalplus=True, as_set=True)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (True, 1),
        (3.0, 3),
        ([1, 2.0], [1.0, 2]),
        (0.1 + 0.2, 0.3),
        ([0.1 + 0.2, 1.0], [0.3, 1.0]),
        ((1e9 + 50,), (1e9,)),  # 1e-7 of the expected value, too
        (1e9 + 100, 1e9),
        ({1, 2}, frozenset({1, 2})),
        (NAN, NAN),
        ([NAN], [NAN]),
        (float("inf"), float("inf")),
        (2**70, 2.0**70),
    ],
)
def test_equal_and_close_answers_are_right(answer: Any, expected: Any) -> None:
    assert right(answer, Test((), expected), EVALPLUS)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([1], (1,)),  # a tuple is no list
        ((0.1 + 0.2,), [0.3]),  # nor for floats
        (3, 3.0000001),  # an int near a float
        ([0.1 + 0.2, 1], [0.3, 1]),  # not of floats alone
        ([[0.1 + 0.2]], [[0.3]]),  # nor a list of lists
        ([0.3, 0.3], [0.3]),
        (1e9 + 101, 1e9),  # 1e-7 * 1e9 + 1e-6 is the boundary
        (NAN, 0.5),
        (float("inf"), 1e308),
        ("a", 0.5),
        (None, 0.5),
        (Decimal("0.30000001"), 0.3),
    ],
)
def test_other_answers_are_wrong(answer: Any, expected: Any) -> None:
    assert not right(answer, Test((), expected), EVALPLUS)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([10**8], [10**8 + 1]),  # ints are within a tolerance that the task itself has
        ([[0.3], 1], [[0.3 + 1e-5], 1]),
        ([(1, True)], [[1.00001, 1]]),  # inside, numpy tells neither types nor tuples apart
        (1 + 1j, 1.00001 + 1j),
    ],
)
def test_a_task_s_own_tolerance_is_for_all_numbers(answer: Any, expected: Any) -> None:
    how = Comparison(evalplus=True, absolute_tolerance=1e-4)

    assert right(answer, Test((), expected), how)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([1, "a"], [1.00001, "a"]),
        ([[1.0], [2.0]], [[1.00001, 1.0], [2.0, 2.0]]),
        ({"a": 1.0}, {"a": 1.00001}),
        ({1.0}, {1.00001}),
        ([10**30, 1.0], [10**30, 1.00001]),
        (1.0, True),
        (1, 2),
    ],
)
def test_what_numpy_cannot_compare_is_not_close(answer: Any, expected: Any) -> None:
    how = Comparison(evalplus=True, absolute_tolerance=1e-4)

    assert right(answer, Test((), expected), how) is (answer == expected)


def test_the_tolerance_sticks_from_the_first_float_to_the_end_of_its_suite() -> None:
    key = Key("t", pending=((1,), (2,), (3,), (4,)), base=3, comparison=EVALPLUS)

    tests = with_expected(key, [10**9, 0.5, 10**9, 10**9]).tests

    assert [test.absolute_tolerance for test in tests] == [0, 1e-6, 1e-6, 0]
    assert [right(10**9 + 50, test, EVALPLUS) for test in tests] == [False, False, True, False]


def test_sets_of_items_are_compared_for_some_tasks() -> None:
    assert right((2, 1, 1.0), Test((), [1, 2]), AS_SET)
    assert not right([1, 3], Test((), (1, 2)), AS_SET)
    assert not right([[1, 2]], Test((), [(1, 2)]), AS_SET)


POLYNOMIAL = ([2, -3, 1],)  # 2 - 3 x + x ** 2, whose roots are 1 and 2


@pytest.mark.parametrize(
    ("oracle", "given", "expected", "answer", "verdict"),
    [
        ("polynomial_root", POLYNOMIAL, 1.0, 2, True),
        ("polynomial_root", POLYNOMIAL, 1.0, 1.00001, True),
        ("polynomial_root", POLYNOMIAL, 1.0, Decimal(2), True),
        ("polynomial_root", POLYNOMIAL, 1.0, 1.001, False),
        ("polynomial_root", POLYNOMIAL, 1.0, NAN, False),
        ("polynomial_root", POLYNOMIAL, 1.0, 1e308, False),
        ("polynomial_root", POLYNOMIAL, 1.0, 10**400, False),
        ("polynomial_root", POLYNOMIAL, 1.0, "1.0", False),
        ("polynomial_root", POLYNOMIAL, 1.0, None, False),
        ("any", (1, 2), False, "whatever", True),
        ("zero_too", (8,), 7, 7.0, True),
        ("zero_too", (8,), 7, 0, True),
        ("zero_too", (8,), 7, 8, False),
        ("zero_too", (8,), 7, [], False),
        ("pyramid_surface", (3, 4), 33, 33, True),
        ("pyramid_surface", (3, 4), 33, 35, True),  # 9 + 2 * 3 * sqrt(1.5 ** 2 + 4 ** 2) = 34.6
        ("pyramid_surface", (3, 4), 33, 34.6, False),
        ("pyramid_surface", (3, 4), 33, None, False),
        ("pyramid_surface", ("a", 4), 33, 35, False),
        ("digit_distance", (123, 4), 3, 3, True),
        ("digit_distance", (123, 4), 3, 4, True),  # 1 + 2 + |3 - 4|
        ("digit_distance", (123, 4), 3, 5, False),
        ("digit_distance", (-12, 4), 3, 5, False),
        ("not_none", ("x",), Match("x"), Match("y"), True),
        ("not_none", ("x",), Match("x"), "", True),
        ("not_none", ("x",), Match("x"), None, False),
        ("not_none", ("x",), Match("x"), False, False),
        ("not_none", ("x",), None, None, True),
        ("not_none", ("x",), None, False, True),
        ("not_none", ("x",), None, "found", False),
        ("not_none", ("x",), True, True, True),
        ("truth", (1,), True, Match("x"), True),
        ("truth", (1,), True, 2, True),
        ("truth", (1,), False, None, True),
        ("truth", (1,), False, [0], False),
    ],
)
def test_each_oracle_has_its_own_rule(
    oracle: str, given: tuple[Any, ...], expected: Any, answer: Any, verdict: bool
) -> None:
    how = Comparison(evalplus=True, absolute_tolerance=1e-4, oracle=oracle)

    assert right(answer, Test(given, expected), how) is verdict


def test_an_oracle_nobody_knows_is_refused() -> None:
    with pytest.raises(InputError, match="oracle 'delphi' is not one of truth, any, not_none"):
        right(1, Test((1,), 1), Comparison(oracle="delphi"))
