"""What a user chooses by words: the settings of a sandbox or a verifier (workers=4,runtime=runsc),
and a profile with some of its options replaced.

A reader makes a value of a setting's text; its ValueError says what the value must be.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from .errors import InputError

T = TypeVar("T", bound=BaseModel)
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


def with_options(
    kind: type[T],
    profiles: Mapping[str, Mapping[str, Any]],
    profile: str,
    overrides: Mapping[str, Any],
    *,
    what: str = "option",
) -> T:
    """A profile with some fields replaced; `what` is what a user calls a field.

    Raises:
        InputError: an unknown profile or option, or a value out of range.
    """
    if profile not in profiles:
        raise InputError(f"profile {profile!r} is not one of {', '.join(profiles)}")
    try:
        return kind(**{**profiles[profile], **overrides})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        if not name:  # of several together
            raise InputError(f"{what} {said}") from None
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields)
            raise InputError(f"{what} {name!r} is not one of {known}") from None
        raise InputError(f"{what} {name}={first['input']!r}: {said}") from None
