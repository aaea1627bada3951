"""From the words that a user chooses a sandbox by to the sandbox.

NAME[:KEY=VALUE,…]    docker    docker:runtime=runsc,workers=4    bubblewrap:workers=2
"""

from collections.abc import Mapping
from typing import Any

from ..errors import InputError
from ..settings import Readers, count, read_settings, text
from .base import Sandbox


def _isolation(value: str) -> str:
    if value not in ("pool", "container"):
        raise ValueError("must be pool (warm containers) or container (a fresh one per program)")
    return value


SETTINGS: Mapping[str, Readers] = {
    "auto": {"workers": count},
    "docker": {"image": text, "workers": count, "runtime": text, "isolation": _isolation},
    "bubblewrap": {"workers": count, "python": text},
    "subprocess": {"workers": count},
}
"""The settings of each sandbox."""


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
    parts = rest.split(",") if colon else []
    return kind, read_settings(f"sandbox {name!r}", SETTINGS[kind], parts, "workers=4")
