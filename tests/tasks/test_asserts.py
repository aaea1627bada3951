"""Assertions read as data, and never run."""

from typing import Any

import pytest

from ponder.tasks.answers import same
from ponder.tasks.asserts import asserted_function, read_assertions
from ponder.tasks.literals import NotConstant, constant


@pytest.mark.parametrize(
    ("source", "given", "expected"),
    [
        ("assert f(1, [2]) == 3", (1, [2]), 3),
        ("assert 3 == f(1)", (1,), 3),
        ("assert f() is None", (), None),
        ("assert f('a'), 'message'", ("a",), True),
        ("assert not f(-1)", (-1,), False),
        ("assert f(1.0 / 4) == 'x' * 3", (0.25,), "xxx"),
        ("assert f({1: (2,)}) == set([3])", ({1: (2,)},), {3}),
        ("xs = [1, 2]\nassert f(xs) == xs", ([1, 2],), [1, 2]),
        ("def check(g):\n    assert f(1) == 2", (1,), 2),
    ],
)
def test_an_assertion_is_an_input_and_an_expected_value(
    source: str, given: tuple[Any, ...], expected: Any
) -> None:
    read = read_assertions(source, "f")

    assert [(test.input, test.expected) for test in read.tests] == [(given, expected)]
    assert not read.unread


def test_one_is_not_true_where_all_assertions_say_is() -> None:
    identical = read_assertions("assert f(1) is True\nassert f(2) is False", "f")
    equal = read_assertions("assert f(1) is True\nassert f(2) == False", "f")

    assert not same(1, True, identical.comparison)
    assert same(1, True, equal.comparison)


def test_a_tolerance_is_taken_over() -> None:
    read = read_assertions("assert abs(f(3.5) - 0.5) < 1e-6\nassert f(1.0) == 0.0", "f")

    assert len(read.tests) == 2
    assert read.comparison.absolute_tolerance == 1e-6


def test_a_relative_tolerance_is_relative_to_each_expected_value() -> None:
    read = read_assertions(
        "assert math.isclose(f(1), 1000.0, rel_tol=0.001)\nassert math.isclose(f(2), 0.5)", "f"
    )

    assert [test.expected for test in read.tests] == [1000.0, 0.5]
    assert read.comparison.relative_tolerance == 0.001
    assert read.comparison.absolute_tolerance == 0


def test_bare_assertions_ask_for_truth_alone() -> None:
    read = read_assertions("assert f(1)\nassert not f(2)", "f")

    assert [test.expected for test in read.tests] == [True, False]
    assert read.comparison.oracle == "truth"


def test_bare_assertions_among_others_are_left_to_a_check() -> None:
    read = read_assertions("assert f(1)\nassert f(2) == 3", "f")

    assert [test.expected for test in read.tests] == [3]
    assert read.unread == ("assert f(1)",)
    assert read.comparison.oracle is None


def test_sets_of_both_sides_make_the_comparison_one_of_sets() -> None:
    read = read_assertions("assert set(f([1])) == set((1, 2))", "f")

    assert read.comparison.as_set
    assert read.tests[0].expected == {1, 2}


@pytest.mark.parametrize(
    "source",
    [
        "for i in range(3):\n    assert f(i) == i",
        "assert f(g(1)) == 2",
        "assert f(x) == 1",
        "assert f(1) == [f(2)]",
        "assert f(2 ** 10_000_000) == 1",
        "assert f('a' * 10_000_000) == 1",
        "assert f(key=1) == 1",
        "assert f(__import__('os').system('true')) == 0",
    ],
)
def test_what_cannot_be_read_is_handed_back_and_not_run(source: str) -> None:
    read = read_assertions(source, "f")

    assert not read.tests
    assert len(read.unread) == 1


def test_an_assertion_of_nothing_is_no_test() -> None:
    assert read_assertions("assert True, 'this prints'", "f").tests == ()


def test_the_function_is_the_one_most_assertions_call() -> None:
    source = "assert set(f([1])) == set([1])\nassert abs(f([2]) - 1) < 0.1\nassert g(1) == 2"

    assert asserted_function(source) == "f"


@pytest.mark.parametrize("source", ["", "x", "1 +", "[i for i in range(9)]", "f(1)", "'%s' % 1"])
def test_what_is_no_constant_is_refused(source: str) -> None:
    with pytest.raises(NotConstant):
        constant(source)


@pytest.mark.parametrize("source", ["9" * 5000, "(" * 5000, "1 / 0", "[0] * 10**9", "9**9**9"])
def test_a_hostile_constant_is_refused_at_once(source: str) -> None:
    with pytest.raises(NotConstant):
        constant(source)
