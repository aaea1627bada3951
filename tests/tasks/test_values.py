"""Values as data, in and out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ponder.tasks import same
from ponder.tasks.values import ValueFormatError, decode, encode

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(),
    st.complex_numbers(allow_nan=False, allow_infinity=False),
)  # fmt: skip
KEYS = st.one_of(st.integers(), st.text(), st.booleans())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner), st.sets(KEYS), st.dictionaries(KEYS, inner)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    assert same(decode(encode(value)), value)


class Sneaky(int):
    """Equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize("value", [Sneaky(1), object(), print, [Sneaky(2)], {1: iter([])}])
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
