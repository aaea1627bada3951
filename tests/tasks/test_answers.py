"""When an answer is the expected one."""

from typing import Any

import pytest
from ponder.tasks import Comparison, same, same_stdout

NAN = float("nan")


@pytest.mark.parametrize(
    "value", [0, -3.5, "a", None, True, [1, (2,)], {1, 2}, {"a": [1]}, b"x", 1 + 2j, NAN, [NAN]]
)
def test_a_value_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(True, 1), (3.0, 3), ([1], (1,)), ("1", 1), (0.1 + 0.2, 0.3), ({1}, [1]), ([1, 2], [2, 1])],
)
def test_by_default_types_and_bits_must_match(answer: Any, expected: Any) -> None:
    assert not same(answer, expected)


@pytest.mark.parametrize(
    ("how", "answer", "expected"),
    [
        (Comparison(numbers_alike=True), [3.0, True], [3, 1]),
        (Comparison(tuple_is_list=True), ([1],), [(1,)]),
        (Comparison(any_order=True), [2, 1, 1], [1, 2, 1]),
        (Comparison(as_set=True), [2, 1, 1], (1, 2)),
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


def test_an_answer_nested_too_deep_is_not_the_same() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert not same(deep, [[deep]])


def test_outputs_may_differ_in_white_space_at_the_ends() -> None:
    assert same_stdout("1 \n2\n\n", "1\n2")
    assert not same_stdout("1\n\n2", "1\n2")
    assert not same_stdout("yes", "Yes")
    assert same_stdout("0.3000001", "0.3", Comparison(absolute_tolerance=1e-4))
