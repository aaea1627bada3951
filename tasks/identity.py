"""A value as text that is the same for the same values: for sets, dict keys, and any order.

Text, since the hash of a text has a secret in it. The hashes of numbers and tuples have none, so an
answer may be made of thousands of values that all share one, and whatever collects them in a dict
takes a minute.
"""

from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .code_task import Comparison

REALS = (bool, int, float, Decimal, Fraction)
NUMBERS = (*REALS, complex)
SEQUENCES = (list, tuple)
SETS = (set, frozenset)
BYTES = (bytes, bytearray)
DICTS = (dict, Counter, OrderedDict, defaultdict)
ALIKE = {
    kind: name
    for name, kinds in (("number", NUMBERS), ("set", SETS), ("dict", DICTS), ("bytes", BYTES))
    for kind in kinds
}
"""What types are called whose values may be equal by Python's `==`."""


def identity(value: Any, how: Comparison) -> str:
    """The same text for values that are the same by `how` with no tolerance, and for no others.

    Raises:
        RecursionError: it is nested too deep.
    """
    kind = _kind(value, how)
    if isinstance(value, str):
        return f"{kind}:{value!r}"
    if isinstance(value, NUMBERS):
        return f"{kind}:{_number(value)}"
    if isinstance(value, (*SEQUENCES, deque)):
        return f"{kind}[{','.join(identity(item, how) for item in value)}]"
    if isinstance(value, SETS):
        return f"{kind}{{{','.join(sorted(identity(item, how) for item in value))}}}"
    if isinstance(value, dict):
        pairs = (f"{identity(key, how)}={identity(item, how)}" for key, item in value.items())
        return f"{kind}{{{','.join(sorted(pairs))}}}"
    if isinstance(value, range):
        return f"{kind}:{_range(value)}"
    if isinstance(value, BYTES):
        return f"{kind}:{value.hex()}"
    return f"{kind}:{value!r}"


def _kind(value: Any, how: Comparison) -> str:
    """What a value of another type must share with it to be the same."""
    kind = type(value)
    if how.tuple_is_list and kind in SEQUENCES:
        return "sequence"
    return (how.numbers_alike and ALIKE.get(kind)) or kind.__name__


def same_kind(answer: Any, expected: Any, how: Comparison) -> bool:
    """Whether values of these types can be the same at all."""
    return type(answer) is type(expected) or _kind(answer, how) == _kind(expected, how)


def _number(value: Any) -> str:
    """As the float it equals, or else as an exact fraction: Python's `==`, but nan equals nan."""
    if isinstance(value, complex):
        real, imaginary = _number(value.real), _number(value.imag)
        return real if value.imag == 0 else f"{real} {imaginary}j"
    try:
        near = float(value)
    except OverflowError:  # an integer or a fraction too large to be one
        near = float("nan")
    if near == value or value != value:
        return (near + 0.0).hex()  # 0.0 for -0.0
    if isinstance(value, int):
        return hex(value)
    over, under = value.as_integer_ratio()  # a finite Decimal, or a Fraction
    return f"{over:x}/{under:x}" if under != 1 else hex(over)


def _range(value: range) -> str:
    """Ranges of the same items are the same."""
    if not value:
        return ""
    if value.start + value.step not in value:
        return hex(value.start)
    return f"{value.start:x} {value[-1]:x} {value.step:x}"
