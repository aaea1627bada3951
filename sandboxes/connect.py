"""From the words that a user chooses a sandbox by to the sandbox.

NAME[:KEY=VALUE,…]    docker    docker:runtime=runsc,workers=4    bubblewrap:workers=2
"""

from collections.abc import Callable
from typing import Any

from ..errors import InputError
from .base import Sandbox


def _text(value: str) -> str:
    if not value or any(character.isspace() for character in value):
        raise ValueError("must be one word")
    return value


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise ValueError("must be a whole number above 0")
    return int(value)


def _isolation(value: str) -> str:
    if value not in ("pool", "container"):
        raise ValueError("must be pool (warm containers) or container (a fresh one per program)")
    return value


SETTINGS: dict[str, dict[str, Callable[[str], Any]]] = {
    "auto": {"workers": _count},
    "docker": {"image": _text, "workers": _count, "runtime": _text, "isolation": _isolation},
    "bubblewrap": {"workers": _count, "python": _text},
    "subprocess": {"workers": _count},
}
"""The settings of each sandbox, and how each is read; ValueError says what it must be."""


def connect(name: str) -> Sandbox:
    """The sandbox a user names, with its settings. Looks at nothing on this machine: what is not
    there is said when the sandbox starts. "auto" is Docker, else bubblewrap, else nothing; never
    one that keeps nothing in.

    Raises:
        InputError: there is no such sandbox or setting, or it cannot have that value.
    """
    kind, settings = _parse(name)
    if kind == "auto":
        from .auto import AutoSandbox

        return AutoSandbox(**settings)
    if kind == "docker":
        from .docker_sandbox import DockerSandbox

        return DockerSandbox(**settings)
    if kind == "bubblewrap":
        from .bubblewrap_sandbox import BubblewrapSandbox

        return BubblewrapSandbox(**settings)
    from .subprocess_sandbox import SubprocessSandbox

    return SubprocessSandbox(**settings)


def _parse(name: str) -> tuple[str, dict[str, Any]]:
    kind, colon, rest = name.partition(":")
    if kind not in SETTINGS:
        raise InputError(f"sandbox {kind!r} is not one of {', '.join(SETTINGS)}")
    settings: dict[str, Any] = {}
    for part in rest.split(",") if colon else ():
        key, value = _setting(name, SETTINGS[kind], part)
        if key in settings:
            raise InputError(f"sandbox {name!r}: {key} is given twice")
        settings[key] = value
    return kind, settings


def _setting(name: str, known: dict[str, Callable[[str], Any]], part: str) -> tuple[str, Any]:
    key, equals, value = part.partition("=")
    if not equals:
        raise InputError(f"sandbox {name!r}: {part!r} must be KEY=VALUE, as in workers=4")
    if key not in known:
        raise InputError(f"sandbox {name!r}: {key!r} is not one of {', '.join(known)}")
    try:
        return key, known[key](value)
    except ValueError as error:
        raise InputError(f"sandbox {name!r}: {key}={value} {error}") from None
