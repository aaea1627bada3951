"""From the name of a sandbox to the sandbox."""

from ..errors import InputError
from .base import Sandbox

NAMES = ("auto", "docker", "subprocess")


def connect(name: str) -> Sandbox:
    """The sandbox a user names. "auto" is Docker or nothing: a machine without an engine is told so
    when the sandbox starts, and is never given one that keeps nothing in.

    Raises:
        InputError: there is no such sandbox.
    """
    if name in ("auto", "docker"):
        from .docker_sandbox import DockerSandbox

        return DockerSandbox()
    if name == "subprocess":
        from .subprocess_sandbox import SubprocessSandbox

        return SubprocessSandbox()
    raise InputError(f"sandbox {name!r} is not one of {', '.join(NAMES)}")
