"""Plain Python values as JSON, both ways: what crosses into a sandbox, out of it, into the store.

JSON lacks some types that tests need, so these are written as an object with the key "$":

    (1, 2)           {"$": "tuple", "v": [1, 2]}      likewise set, frozenset, deque, range
    b"\\x00"          {"$": "bytes", "v": "AA=="}      base64; likewise bytearray
    1 + 2j           {"$": "complex", "v": [1.0, 2.0]}
    nan, inf, -inf   {"$": "float", "v": "nan"}
    2 ** 20000       {"$": "int", "v": "0x1000…"}     what is too long for Python to write in digits
    {1: "a"}         {"$": "dict", "v": [[1, "a"]]}   any dict whose keys are not all strings, or
                                                      that has a key "$" of its own; likewise
                                                      Counter, OrderedDict, defaultdict
    Decimal("1.50")  {"$": "Decimal", "v": "1.50"}
    Fraction(1, 3)   {"$": "Fraction", "v": [1, 3]}
    re.match(…)      {"$": "match", "v": "text"}      the matched text alone

Types are exact: a subclass of `int` is no int. A deque's `maxlen` and a defaultdict's factory are
not data, and are dropped. Whatever a program under test wrote is read here with bounds on its size
and depth, and on what it can cost whoever compares or hashes it; every way in which it can be
malformed is one `ValueError`.

The sandbox image has a copy of this file: standard library alone, no relative imports, Python 3.9.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_DEPTH = 100
"""Nested containers at most; what is deeper is refused, long before Python's own limit."""
MAX_TEXT = 64 * 2**20
"""Characters of JSON that are read at most."""
MAX_BITS = 2**17
"""Of an integer: a Decimal is compared with such a one in a few hundredths of a second."""
DIGITS_BITS = 13_000
"""Of an integer that is written in digits; Python refuses to write more than 4300 digits."""
MAX_DIGITS = 1000
"""Of a Decimal, and its greatest exponent; of each half of a Fraction."""
MAX_ALIKE = 64
"""Members of a set, or keys of a dict, that may share one hash. The hashes of numbers and tuples
have no secret in them: 50,000 multiples of 2**61 - 1 share one, and a set of them takes a minute
to build."""


class ValueFormatError(ValueError):
    """The value has no such form, or the text is not the form of a value."""


class Match:
    """What is left of a `re.Match` when it crosses: the matched text. True, as every match is."""

    __slots__ = ("text",)

    def __init__(self, text: str | bytes) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return type(other) is Match and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"<a match of {self.text!r}>"


def encode(value: Any) -> str:
    """The value as one line of JSON.

    Raises:
        ValueFormatError: a type without a form, a subclass, or too large or deep.
    """
    return json.dumps(to_json(value), allow_nan=False, separators=(",", ":"))


def decode(text: str | bytes) -> Any:
    """The value in a text that `encode`, or a hostile program, wrote.

    Raises:
        ValueFormatError: it is not JSON of that form, or too large or deep.
    """
    if len(text) > MAX_TEXT:
        raise ValueFormatError(f"more than {MAX_TEXT} characters")
    try:
        plain = json.loads(text, parse_constant=_refuse_constant)
    # Depth and digits are the parser's own limits; bytes may not be UTF-8.
    except (ValueError, RecursionError) as error:
        raise ValueFormatError(f"not JSON: {str(error)[:80] or 'nested too deep'}") from None
    return from_json(plain)


def to_json(value: Any, depth: int = 0) -> Any:
    """The value in JSON's own types.

    Raises:
        ValueFormatError: a type without a form, a subclass, or too large or deep.
    """
    if depth > MAX_DEPTH:
        raise ValueFormatError(f"nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int and value.bit_length() <= DIGITS_BITS:
        return value
    if kind is float and math.isfinite(value):
        return value
    if kind is list:
        return [to_json(item, depth + 1) for item in value]
    if kind is dict and "$" not in value and all(type(key) is str for key in value):
        return {key: to_json(item, depth + 1) for key, item in value.items()}
    if kind not in WRITERS:
        raise ValueFormatError(f"a {kind.__name__} cannot be expressed as data")
    name, writer = WRITERS[kind]
    return {"$": name, "v": writer(value, depth)}


def _written(items: Iterable[Any], depth: int) -> list[Any]:
    return [to_json(item, depth + 1) for item in items]


def _written_set(items: Iterable[Any], depth: int) -> list[Any]:
    """In an order of its own: that of a set is another in every process, and what is written is
    what a run is known by."""
    return sorted(_written(items, depth), key=json.dumps)


def _written_pairs(value: dict[Any, Any], depth: int) -> list[Any]:
    return [[to_json(key, depth + 1), to_json(item, depth + 1)] for key, item in value.items()]


def _written_int(value: int, depth: int) -> str:
    return hex(_bounded(value, MAX_BITS))


def _written_bytes(value: bytes | bytearray, depth: int) -> str:
    return base64.b64encode(value).decode()


def _written_decimal(value: Decimal, depth: int) -> str:
    return str(_bounded_decimal(value))


def _written_fraction(value: Fraction, depth: int) -> list[int]:
    return [_bounded(value.numerator, 3 * MAX_DIGITS), _bounded(value.denominator, 3 * MAX_DIGITS)]


WRITERS: dict[type, tuple[str, Callable[[Any, int], Any]]] = {
    int: ("int", _written_int),
    float: ("float", lambda value, depth: repr(value)),
    complex: ("complex", lambda value, depth: _written((value.real, value.imag), depth)),
    bytes: ("bytes", _written_bytes),
    bytearray: ("bytearray", _written_bytes),
    tuple: ("tuple", _written),
    set: ("set", _written_set),
    frozenset: ("frozenset", _written_set),
    deque: ("deque", _written),
    range: ("range", lambda value, depth: _written((value.start, value.stop, value.step), depth)),
    dict: ("dict", _written_pairs),
    Counter: ("Counter", _written_pairs),
    OrderedDict: ("OrderedDict", _written_pairs),
    defaultdict: ("defaultdict", _written_pairs),
    Decimal: ("Decimal", _written_decimal),
    Fraction: ("Fraction", _written_fraction),
    re.Match: ("match", lambda value, depth: to_json(value[0], depth + 1)),
    Match: ("match", lambda value, depth: to_json(value.text, depth + 1)),
}


def from_json(plain: Any, depth: int = 0) -> Any:
    """The value of what `to_json` wrote.

    Raises:
        ValueFormatError: it is malformed, or too large or deep.
    """
    if depth > MAX_DEPTH:
        raise ValueFormatError(f"nested more than {MAX_DEPTH} deep")
    if isinstance(plain, list):
        return [from_json(item, depth + 1) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if "$" not in plain:
        return {key: from_json(item, depth + 1) for key, item in plain.items()}
    tag = plain["$"]
    if plain.keys() != {"$", "v"} or not isinstance(tag, str) or tag not in READERS:
        raise ValueFormatError("an object with the key '$' that is the form of no value")
    try:
        return READERS[tag](plain["v"], depth)
    except (TypeError, ValueError, ArithmeticError) as error:
        if isinstance(error, ValueFormatError):
            raise
        raise ValueFormatError(f"malformed {tag}: {str(error)[:80]}") from None


def _items(plain: Any, depth: int) -> list[Any]:
    return [from_json(item, depth + 1) for item in _of(list, plain)]


def _members(plain: Any, depth: int) -> list[Any]:
    return _spread(_items(plain, depth))


def _pairs(plain: Any, depth: int) -> dict[Any, Any]:
    pairs = [_of(list, pair) for pair in _of(list, plain)]
    keys = _spread([from_json(key, depth + 1) for key, _ in pairs])
    return dict(zip(keys, [from_json(item, depth + 1) for _, item in pairs]))  # noqa: B905  3.9


def _spread(items: list[Any]) -> list[Any]:
    """The items, if building a set of them costs no more than it should.

    Raises:
        ValueFormatError: too many share one hash.
        TypeError: one cannot be hashed.
    """
    hashes = sorted(map(hash, items))
    if any(one == other for one, other in zip(hashes, hashes[MAX_ALIKE:])):  # noqa: B905  3.9
        raise ValueFormatError(f"more than {MAX_ALIKE} members with one hash")
    return items


def _of(kind: type, plain: Any) -> Any:
    if type(plain) is not kind:
        raise ValueFormatError(f"a {kind.__name__} was expected, not a {type(plain).__name__}")
    return plain


def _bounded(value: Any, bits: int) -> int:
    if _of(int, value).bit_length() > bits:
        raise ValueFormatError(f"an integer of more than {bits} bits")
    return int(value)


def _bounded_decimal(value: Decimal) -> Decimal:
    if value.is_snan() or len(value.as_tuple().digits) > MAX_DIGITS:
        raise ValueFormatError("a Decimal of too many digits, or one that cannot be compared")
    if value.is_finite() and abs(value.adjusted()) > MAX_DIGITS:
        raise ValueFormatError(f"a Decimal whose exponent is beyond {MAX_DIGITS}")
    return value


def _int(plain: Any, depth: int) -> int:
    return _bounded(int(_of(str, plain), 16), MAX_BITS)


def _float(plain: Any, depth: int) -> float:
    if plain not in ("nan", "inf", "-inf"):
        raise ValueFormatError("no float is written so")
    return float(plain)


def _complex(plain: Any, depth: int) -> complex:
    real, imaginary = _items(plain, depth)
    return complex(_of(float, real), _of(float, imaginary))


def _range(plain: Any, depth: int) -> range:
    start, stop, step = _items(plain, depth)
    return range(_of(int, start), _of(int, stop), _of(int, step))


def _bytes(plain: Any, depth: int) -> bytes:
    return base64.b64decode(plain, validate=True)


def _decimal(plain: Any, depth: int) -> Decimal:
    if len(_of(str, plain)) > 2 * MAX_DIGITS:
        raise ValueFormatError("a Decimal of too many characters")
    return _bounded_decimal(Decimal(plain))


def _fraction(plain: Any, depth: int) -> Fraction:
    numerator, denominator = (_bounded(half, 3 * MAX_DIGITS) for half in _of(list, plain))
    return Fraction(numerator, denominator)


def _match(plain: Any, depth: int) -> Match:
    text = from_json(plain, depth + 1)
    if type(text) not in (str, bytes):
        raise ValueFormatError("a match is of text")
    return Match(text)


READERS: dict[str, Callable[[Any, int], Any]] = {
    "int": _int,
    "float": _float,
    "complex": _complex,
    "bytes": _bytes,
    "bytearray": lambda plain, depth: bytearray(_bytes(plain, depth)),
    "tuple": lambda plain, depth: tuple(_items(plain, depth)),
    "set": lambda plain, depth: set(_members(plain, depth)),
    "frozenset": lambda plain, depth: frozenset(_members(plain, depth)),
    "deque": lambda plain, depth: deque(_items(plain, depth)),
    "range": _range,
    "dict": _pairs,
    "Counter": lambda plain, depth: Counter(_pairs(plain, depth)),
    "OrderedDict": lambda plain, depth: OrderedDict(_pairs(plain, depth)),
    "defaultdict": lambda plain, depth: defaultdict(None, _pairs(plain, depth)),
    "Decimal": _decimal,
    "Fraction": _fraction,
    "match": _match,
}


def _refuse_constant(name: str) -> float:
    raise ValueFormatError(f"{name} is not JSON")
