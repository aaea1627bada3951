"""Settings in words: what follows the name of a sandbox or a verifier (workers=4,runtime=runsc).

A reader makes a value of a setting's text; its ValueError says what the value must be.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import InputError

Readers = Mapping[str, Callable[[str], Any]]
"""The settings of a thing, and how each is read."""


def read_settings(what: str, known: Readers, parts: Sequence[str], example: str) -> dict[str, Any]:
    """The values of `parts`, KEY=VALUE each, of `what` (sandbox 'docker:…').

    Raises:
        InputError: one is no KEY=VALUE (as `example` is), is not known, is given twice, or cannot
            have that value.
    """
    settings: dict[str, Any] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"{what}: {part!r} must be KEY=VALUE, as in {example}")
        if key not in known:
            raise InputError(f"{what}: {key!r} is not one of {', '.join(known) or 'none'}")
        if key in settings:
            raise InputError(f"{what}: {key} is given twice")
        try:
            settings[key] = known[key](value)
        except ValueError as error:
            raise InputError(f"{what}: {key}={value} {error}") from None
    return settings


def text(value: str) -> str:
    """One word."""
    if not value or any(character.isspace() for character in value):
        raise ValueError("must be one word")
    return value


def count(value: str) -> int:
    """A whole number above 0."""
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise ValueError("must be a whole number above 0")
    return int(value)


def number(value: str) -> float:
    """A number from 0 on."""
    try:
        read = float(value)
    except ValueError:
        raise ValueError("must be a number") from None
    if not 0 <= read < float("inf"):
        raise ValueError("must be a number from 0 on")
    return read


def one_of(*known: str) -> Callable[[str], str]:
    """One of these words."""

    def read(value: str) -> str:
        if value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return value

    return read


def flag(value: str) -> bool:
    """Yes or no."""
    return one_of("yes", "no")(value) == "yes"
