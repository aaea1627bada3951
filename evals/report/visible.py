"""What a model wrote, made safe to look at: what is not seen, or would be obeyed, is spelled out.

Control characters become their pictures (ESC is ␛); what turns the direction of a text, has no
width, or is half of a surrogate pair becomes its number in brackets, as in ⟦U+202E⟧. What joins
letters and emoji (U+200C, U+200D) stays.
"""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
LINES = re.compile("\r\n?")


def visible(text: str) -> str:
    """The text with nothing in it but what is seen; lines end with a newline."""
    return HIDDEN.sub(_spelled, LINES.sub("\n", text))


def visible_all(value: Any) -> Any:
    """Plain data with every text in it made visible, keys too."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(str(name)): visible_all(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [visible_all(one) for one in value]
    return value


def cut(text: str, most: int) -> tuple[str, int]:
    """At most so many characters of the text, made visible, and how many were left out."""
    return visible(text[:most]), max(0, len(text) - most)


def _spelled(found: re.Match[str]) -> str:
    number = ord(found.group())
    if number < 0x20:
        return chr(0x2400 + number)
    return "\N{SYMBOL FOR DELETE}" if number == 0x7F else f"⟦U+{number:04X}⟧"
