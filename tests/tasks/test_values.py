"""Values as data, in and out."""

import re
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ponder.tasks import same
from ponder.tasks.values import ValueFormatError, decode, encode

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(),
    st.complex_numbers(allow_nan=False, allow_infinity=False),
    st.decimals(-(10**99), 10**99), st.fractions(),
    st.builds(range, st.integers(), st.integers(), st.integers(1)), st.binary().map(bytearray),
)  # fmt: skip
KEYS = st.one_of(st.integers(), st.text(), st.booleans())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner),
        st.tuples(inner),
        st.sets(KEYS),
        st.dictionaries(KEYS, inner),
        st.dictionaries(KEYS, inner).map(OrderedDict),
        st.lists(inner).map(deque),
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    assert same(decode(encode(value)), value)


@pytest.mark.parametrize(
    "value",
    [
        Counter("abca"), OrderedDict(b=1, a=2), deque([1, [2]]), bytearray(b"\x00"),
        range(9, 0, -2), Decimal("1.50"), Decimal("-Infinity"), Fraction(-1, 3), 2**20_000,
        -(2**20_000), Counter({(1, 2): 3}), {"$": 1}, {"a": {1: {2: 3}}},
    ],
    ids=count(),
)  # fmt: skip
def test_a_value_of_the_standard_library_keeps_its_type(value: Any) -> None:
    back = decode(encode(value))

    assert type(back) is type(value)
    assert back == value


def test_what_is_no_data_of_a_value_is_left_behind() -> None:
    factory = decode(encode(defaultdict(list, a=[1])))

    assert type(factory) is defaultdict
    assert factory.default_factory is None
    assert factory == {"a": [1]}
    assert decode(encode(deque([1], maxlen=1))).maxlen is None


def test_a_match_is_its_text_and_true() -> None:
    match = decode(encode(re.search("b+", "abbc")))

    assert match
    assert match.text == "bb"
    assert decode(encode(match)) == match


def test_a_value_as_deep_as_can_be_written_can_be_read() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = {1: deep}

    assert same(decode(encode(deep)), deep)
    with pytest.raises(ValueFormatError, match="nested more than 100 deep"):
        encode([deep])


class Sneaky(int):
    """Equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    "value",
    [Sneaky(1), object(), print, [Sneaky(2)], {1: iter([])}, Decimal("1e9999"), 2**200_000],
    ids=count(),
)
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueFormatError):
        encode(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "nan", "NaN", "[1", '{"$": "tuple"}', '{"$": "os.system", "v": []}',
        '{"$": "tuple", "v": 1}', '{"$": "set", "v": [[]]}', '{"$": "bytes", "v": "%"}',
        '{"$": ["tuple"], "v": []}', '{"$": "float", "v": "1"}', "[" * 100_000, "1" * 10_000,
        '{"$": "complex", "v": [1]}', '{"$": "dict", "v": [1]}', b"\xff",
    ],
)  # fmt: skip
def test_whatever_a_program_writes_is_a_value_or_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(ValueFormatError):
        decode(text)
