"""Values that are made to hold up whoever reads, compares or shows them."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import pytest

from ponder.tasks import Comparison, Test, right, same, same_stdout
from ponder.tasks.oracles import ORACLES
from ponder.tasks.show import SHOWN, shown
from ponder.tasks.values import ValueFormatError, decode, encode

pytestmark = pytest.mark.timeout(10)

MANY = 30_000
ONE_HASH = [i * (2**61 - 1) for i in range(1, MANY)]
"""Integers whose hash is 0; a set of them takes many seconds to build."""


def one_hash_tuples() -> list[Any]:
    """Tuples with one hash: that of a tuple is made of its items' in a known way."""
    return [{"$": "tuple", "v": [number, "a"]} for number in ONE_HASH]


@pytest.mark.parametrize("tag", ["set", "frozenset", "dict", "Counter", "OrderedDict"])
@pytest.mark.parametrize("items", [ONE_HASH, one_hash_tuples()], ids=["integers", "tuples"])
def test_members_that_share_a_hash_are_refused(tag: str, items: list[Any]) -> None:
    pairs = items if "set" in tag else [[item, 1] for item in items]

    with pytest.raises(ValueFormatError, match="with one hash"):
        decode(json.dumps({"$": tag, "v": pairs}))


@pytest.mark.parametrize(
    "how",
    [
        Comparison(as_set=True),
        Comparison(any_order=True),
        Comparison(numbers_alike=True, as_set=True),
        Comparison(evalplus=True, as_set=True),
    ],
)
def test_a_list_whose_items_share_a_hash_costs_no_quadratic_time(how: Comparison) -> None:
    answer = decode(json.dumps([ONE_HASH, one_hash_tuples()]))

    for items in answer:
        assert right(items[::-1], Test((), items), how)
        assert not right([*items[:-1], 5], Test((), items), how)


def test_numbers_of_many_kinds_and_digits_are_put_in_order_at_once() -> None:
    fractions = [Fraction(10**900 + i, 7**1000) for i in range(200)]
    numbers = [*fractions, *(Decimal(f"{i}e-999") for i in range(10_000)), 10**4000, -(10**4000)]

    how = Comparison(any_order=True, absolute_tolerance=1e-6, numbers_alike=True)

    assert same(numbers[::-1], numbers, how)
    assert not same([*numbers[:-1], 1.0], numbers, how)


@pytest.mark.parametrize(
    "text",
    [
        '{"$": "Decimal", "v": "1e999999999"}',
        '{"$": "Decimal", "v": "0e999999999"}',
        '{"$": "Decimal", "v": "1e-999999999"}',
        '{"$": "Decimal", "v": "1e99999999999999999999999"}',
        '{"$": "Decimal", "v": "sNaN"}',
        '{"$": "Decimal", "v": "' + "9" * 1500 + '"}',
        '{"$": "Decimal", "v": "' + "9" * 10**6 + '"}',
        '{"$": "Decimal", "v": 1}',
        '{"$": "Fraction", "v": [1, 0]}',
        '{"$": "Fraction", "v": [1, true]}',
        '{"$": "Fraction", "v": [1, ' + "9" * 2000 + "]}",
        '{"$": "int", "v": "0x' + "f" * 10**6 + '"}',
        '{"$": "int", "v": 7}',
        '{"$": "range", "v": [0, 1, 0]}',
        '{"$": "range", "v": [0, 1.5, 1]}',
        '{"$": "complex", "v": [' + "9" * 4000 + ", 1.0]}",
        '{"$": "match", "v": [1]}',
        '{"$": "dict", "v": ["ab"]}',
        '{"$": "dict", "v": [[1, 2, 3]]}',
        '{"$": "deque", "v": {}}',
        '{"$": "defaultdict", "v": [[[], 1]]}',
        '{"$": "defaultdict", "v": [["a", 1]], "factory": "os.system"}',
    ],
    ids=count(),
)
def test_numbers_and_forms_that_would_cost_the_reader_are_refused(text: str) -> None:
    with pytest.raises(ValueFormatError):
        decode(text)


LARGE: list[Any] = [
    2 ** (2**17 - 1),
    -(2**70_000),
    1e308,
    float("nan"),
    float("-inf"),
    Decimal("9.9e999"),
    Decimal("1e-999"),
    Decimal("NaN"),
    Decimal("-Infinity"),
    Fraction(10**900, 3),
    complex(1e308, float("nan")),
    range(-(10**4000), 10**4000, 7),
    True,
    None,
    "9" * 10**6,
    b"\xff" * 10**6,
    [[]] * 10**5,
    {"\ud800": "\ud800"},
]


@pytest.mark.parametrize("oracle", [None, *ORACLES])
def test_no_answer_makes_a_rule_raise(oracle: str | None) -> None:
    rules = [
        Comparison(oracle=oracle, evalplus=evalplus, absolute_tolerance=1e-6, numbers_alike=True)
        for evalplus in (False, True)
    ]

    for answer in map(decode, map(encode, LARGE)):
        for how in rules:
            for expected in (answer, 3, [1.5, 2.5], Decimal("1.5"), "a"):
                given = ([1, 2],) if oracle == "polynomial_root" else (10, 3)
                assert right(answer, Test(given, expected), how) in (True, False)
                assert same([answer], [expected], how) in (True, False)


@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"k": (v,)}])
def test_any_value_is_shown_in_a_short_line(wrap: Callable[[Any], Any]) -> None:
    deep: Any = 1
    for _ in range(90):
        deep = [deep]

    for value in [*LARGE, deep, 10**5000, [10**5000] * 10**5]:
        line = shown(wrap(value))
        assert len(line) <= SHOWN
        assert line.encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("1e999999999999", "1e999999999998"),
        ("1" + "0" * 60_000, "1e60000"),
        ("sNaN", "1"),
        ("1e99999999999999999999", "2"),
        ("9" * 60_000, "9" * 59_999 + "8"),
        ("1 " * 30_000, "2 " * 30_000),
    ],
    ids=count(),
)
def test_words_that_are_dear_to_compare_as_numbers_are_compared_at_once(
    answer: str, expected: str
) -> None:
    equal = same_stdout(answer, expected, Comparison(tokens_as_decimals=True))

    assert equal is (expected == "1e60000")
    assert not same_stdout(f"{answer} x", expected, Comparison(absolute_tolerance=1e-6))
