"""Values in one line that a person, or a model, can read."""

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from heapq import nsmallest
from itertools import islice
from typing import Any

from .values import Match

SHOWN = 120
"""Characters that are shown."""
BITS = 1000
"""Of an integer that is shown in digits: the work of that grows with their square, and Python
refuses it for very long ones."""
DEEPEST = 20
SETS = (set, frozenset)
ORDERED = {str, bytes, int}
BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
    dict: ("{", "}"),
}


def shown(value: Any) -> str:
    """The beginning of the value's `repr`. No more than that is looked at, so the work is bounded
    whatever a program returned."""
    found, room = "", SHOWN + 1
    for piece in _pieces(value):
        found += piece
        if len(found) >= room:
            break
    return cut(found)


def cut(text: str) -> str:
    """The beginning of a text, in one line that can be printed and stored."""
    head = text[: 4 * SHOWN].encode("utf-8", "replace").decode()
    line = " ".join(head.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def _pieces(value: Any, depth: int = 0) -> Iterator[str]:
    kind = type(value)
    if depth > DEEPEST:
        yield "…"
    elif kind in (str, bytes, bytearray):
        yield repr(value[: SHOWN + 1])
    elif kind is int:
        bits = value.bit_length()
        yield repr(value) if bits <= BITS else f"<an integer of {bits} bits>"
    elif kind in SETS and value:
        yield from _bracketed(_in_order(value), *BRACKETS[kind], depth)
    elif kind in BRACKETS and kind not in SETS:
        yield from _bracketed(value, *BRACKETS[kind], depth)
    elif isinstance(value, dict):
        yield from _bracketed(value, f"{kind.__name__}({{", "})", depth)
    elif parts := _parts(value):
        yield from _bracketed(parts, f"{kind.__name__}(", ")", depth)
    else:
        yield repr(value)


def _bracketed(value: Any, opening: str, closing: str, depth: int) -> Iterator[str]:
    yield opening
    for i, item in enumerate(value):
        yield ", " if i else ""
        yield from _pieces(item, depth + 1)
        if isinstance(value, dict):
            yield ": "
            yield from _pieces(value[item], depth + 1)
    yield ",)" if type(value) is tuple and len(value) == 1 and opening == "(" else closing


def _in_order(value: Iterable[Any]) -> list[Any]:
    """As much of a set as is shown, in an order that is the same in every process."""
    if len(kinds := {type(item) for item in value}) == 1 and kinds <= ORDERED:
        return nsmallest(SHOWN, value)
    return nsmallest(SHOWN, value, key=lambda item: "".join(islice(_pieces(item), SHOWN)))


def _parts(value: Any) -> tuple[Any, ...]:
    """The arguments that make such a value, where its own `repr` would not do."""
    if isinstance(value, range):
        return value.start, value.stop, value.step
    if isinstance(value, Fraction):
        return value.numerator, value.denominator
    return (value.text,) if isinstance(value, Match) else ()
