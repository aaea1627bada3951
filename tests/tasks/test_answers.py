"""When an answer is the expected one."""

from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from ponder.tasks import Comparison, same

NAN = float("nan")


@pytest.mark.parametrize(
    "value",
    [0, -3.5, "a", None, True, [1, (2,)], {1, 2}, {"a": [1]}, b"x", 1 + 2j, NAN, [NAN]]
    + [Counter("aab"), deque([1]), Decimal("1.50"), Fraction(1, 3), range(3), bytearray(b"x")],
)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(True, 1), (3.0, 3), ([1], (1,)), ("1", 1), (0.1 + 0.2, 0.3), ({1}, [1]), ([1, 2], [2, 1])]
    + [(Counter("a"), {"a": 1}), (Decimal(1), 1), (Fraction(1), 1), (deque([1]), [1])]
    + [(range(2), [0, 1]), (bytearray(b"x"), b"x"), ({1: True}, {1: 1}), ({True}, {1})]
    + [({NAN: 1, float("nan"): 2}, {NAN: 2})],
)
def test_by_default_types_and_bits_must_match(answer: Any, expected: Any) -> None:
    assert not same(answer, expected)


@pytest.mark.parametrize(
    ("how", "answer", "expected"),
    [
        (Comparison(numbers_alike=True), [3.0, True], [3, 1]),
        (Comparison(numbers_alike=True), {3.0, True}, {3, 1}),
        (Comparison(numbers_alike=True), [Decimal("0.5"), Fraction(1, 2)], [0.5, 0.5]),
        (Comparison(numbers_alike=True), {Decimal(3), Fraction(1, 2), 2**70}, {3, 0.5, 2.0**70}),
        (Comparison(numbers_alike=True), 1 + 0j, 1),
        (Comparison(numbers_alike=True), Counter("aab"), {"a": 2, "b": 1}),
        (Comparison(numbers_alike=True), OrderedDict(b=1, a=2), defaultdict(None, a=2, b=1)),
        (Comparison(numbers_alike=True), frozenset({1}), {1}),
        (Comparison(tuple_is_list=True), ([1],), [(1,)]),
        (Comparison(tuple_is_list=True, any_order=True), [(1, 2), [3]], [[3], [1, 2]]),
        (Comparison(top_tuple_is_list=True), (1, 2), [1, 2]),
        (Comparison(top_tuple_is_list=True, numbers_alike=True), (1, True), [1.0, 1]),
        (Comparison(any_order=True), [2, 1, 1], [1, 2, 1]),
        (Comparison(as_set=True), [2, 1, 1], (1, 2)),
        (Comparison(relative_tolerance=1e-3), [1000.5, 1.0], [1000.0, 1.0005]),
        (Comparison(relative_tolerance=0.1, absolute_tolerance=0.5), 11.5, 10.0),
        (Comparison(absolute_tolerance=1e-6), {"a": 0.1 + 0.2}, {"a": 0.3}),
        (Comparison(absolute_tolerance=1e-6, any_order=True), [2.0, 1.0000001], [1.0, 2.0]),
    ],
)
def test_each_option_lets_one_thing_pass(how: Comparison, answer: Any, expected: Any) -> None:
    assert same(answer, expected, how)
    assert not same(answer, expected)


@pytest.mark.parametrize(
    ("how", "answer", "expected"),
    [
        (Comparison(any_order=True), [1, 2, 2], [1, 2, 1]),
        (Comparison(as_set=True), [1, 3], [1, 2]),
        (Comparison(absolute_tolerance=1.0), 3, 2),
        (Comparison(absolute_tolerance=1e-6), 0.1, NAN),
        (Comparison(absolute_tolerance=1.0, numbers_alike=True), 10**400, 1.0),
        (Comparison(numbers_alike=True), 2**53 + 1, 2.0**53),
        (Comparison(numbers_alike=True), {2**53 + 1}, {2.0**53}),
        (Comparison(numbers_alike=True), {Decimal("0.1")}, {0.1}),
        (Comparison(numbers_alike=True), Counter(a=0), {}),
        (Comparison(numbers_alike=True), deque([1]), [1]),
        (Comparison(numbers_alike=True), range(2), [0, 1]),
        (Comparison(top_tuple_is_list=True), [(1,)], [[1]]),
        (Comparison(top_tuple_is_list=True, numbers_alike=True), (0.1 + 0.2,), [0.3]),
        (Comparison(top_tuple_is_list=True), [1.0], [1]),
        (Comparison(relative_tolerance=1e-3), 1000, 1001),
        (Comparison(relative_tolerance=1e-3), float("inf"), 1.0),
        (Comparison(relative_tolerance=1e-3), 1.0, float("inf")),
        (Comparison(any_order=True), ["a,b"], ["a", "b"]),
        (Comparison(as_set=True), [["a", "b"]], [["a,b"]]),
        (Comparison(as_set=True), ["1"], [1]),
    ],
)
def test_no_option_lets_another_thing_pass(how: Comparison, answer: Any, expected: Any) -> None:
    assert not same(answer, expected, how)


def test_a_large_unordered_answer_costs_no_quadratic_time() -> None:
    numbers = list(range(200_000))

    assert same(numbers[::-1], numbers, Comparison(any_order=True))
    assert not same(numbers, [*numbers[:-1], -1], Comparison(as_set=True))
    assert same(
        [n + 1e-9 for n in numbers],
        list(map(float, numbers)),
        Comparison(any_order=True, absolute_tolerance=1e-6),
    )


def test_ranges_of_the_same_items_are_the_same_in_a_set() -> None:
    how = Comparison(as_set=True)

    assert same([range(0, 5, 2), range(3, 3)], [range(0, 6, 2), range(0)], how)
    assert not same([range(0, 5, 2)], [range(0, 7, 2)], how)


def test_an_answer_nested_too_deep_is_not_the_same() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert not same(deep, [[deep]])
