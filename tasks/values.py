"""Plain Python values as JSON, both ways: what crosses into a sandbox, out of it, into the store.

JSON lacks some types that tests need, so these are written as an object with the key "$":

    (1, 2)           {"$": "tuple", "v": [1, 2]}      likewise set, frozenset
    b"\\x00"          {"$": "bytes", "v": "AA=="}      base64
    1 + 2j           {"$": "complex", "v": [1.0, 2.0]}
    nan, inf, -inf   {"$": "float", "v": "nan"}
    {1: "a"}         {"$": "dict", "v": [[1, "a"]]}   any dict whose keys are not all strings,
                                                      or that has a key "$" of its own

Types are exact: a subclass of `int` is no int. Whatever a program under test wrote is read here
with bounds on its size and depth, and every way in which it can be malformed is one `ValueError`.
"""

import base64
import binascii
import json
import math
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 100
"""Nested containers at most; what is deeper is refused, long before Python's own limit."""
MAX_TEXT = 64 * 2**20
"""Characters of JSON that are read at most."""


class ValueFormatError(ValueError):
    """The value has no such form, or the text is not the form of a value."""


def encode(value: Any) -> str:
    """The value as one line of JSON.

    Raises:
        ValueFormatError: a type without a form, a subclass, or too deep.
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
        ValueFormatError: a type without a form, a subclass, or too deep.
    """
    if depth > MAX_DEPTH:
        raise ValueFormatError(f"nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$": "float", "v": repr(value)}
    if kind is list:
        return [to_json(item, depth + 1) for item in value]
    if kind in (tuple, set, frozenset):
        return {"$": kind.__name__, "v": [to_json(item, depth + 1) for item in value]}
    if kind is dict:
        return _dict_to_json(value, depth)
    if kind is bytes:
        return {"$": "bytes", "v": base64.b64encode(value).decode()}
    if kind is complex:
        return {"$": "complex", "v": [to_json(value.real), to_json(value.imag)]}
    raise ValueFormatError(f"a {kind.__name__} cannot be expressed as data")


def _dict_to_json(value: dict[Any, Any], depth: int) -> Any:
    if all(type(key) is str for key in value) and "$" not in value:
        return {key: to_json(item, depth + 1) for key, item in value.items()}
    pairs = [[to_json(key, depth + 1), to_json(item, depth + 1)] for key, item in value.items()]
    return {"$": "dict", "v": pairs}


def from_json(plain: Any, depth: int = 0) -> Any:
    """The value of what `to_json` wrote.

    Raises:
        ValueFormatError: it is malformed, or too deep.
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
    if set(plain) != {"$", "v"} or not isinstance(tag, str) or tag not in READERS:
        raise ValueFormatError(f"no value has the form {str(plain)[:80]}")
    try:
        return READERS[tag](plain["v"], depth)
    except (TypeError, ValueError, binascii.Error) as error:
        if isinstance(error, ValueFormatError):
            raise
        raise ValueFormatError(f"malformed {tag}: {str(error)[:80]}") from None


def _items(plain: Any, depth: int) -> list[Any]:
    if not isinstance(plain, list):
        raise ValueFormatError("a list was expected")
    return [from_json(item, depth + 1) for item in plain]


def _float(plain: Any, depth: int) -> float:
    if plain not in ("nan", "inf", "-inf"):
        raise ValueFormatError(f"no float is written {str(plain)[:80]}")
    return float(plain)


def _complex(plain: Any, depth: int) -> complex:
    real, imaginary = _items(plain, depth)
    return complex(real, imaginary)


def _bytes(plain: Any, depth: int) -> bytes:
    return base64.b64decode(plain, validate=True)


READERS: dict[str, Callable[[Any, int], Any]] = {
    "tuple": lambda plain, depth: tuple(_items(plain, depth)),
    "set": lambda plain, depth: set(_items(plain, depth)),
    "frozenset": lambda plain, depth: frozenset(_items(plain, depth)),
    "dict": lambda plain, depth: {key: item for key, item in _items(plain, depth)},  # noqa: C416
    "bytes": _bytes,
    "complex": _complex,
    "float": _float,
}


def _refuse_constant(name: str) -> float:
    raise ValueFormatError(f"{name} is not JSON")
