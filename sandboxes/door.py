"""A way from a container's runner to us that the engine does not relay.

Through the engine's attached streams every frame passes four processes, which is a tenth of what a
program costs. Where the engine runs on this machine, a socket in a folder that is mounted into the
container spares that. The socket and its folder are removed as soon as the runner has connected.
"""

import os
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

INSIDE = "/ponder/door"
PREFIX = "ponder-door-"
MOMENT = 0.25
"""Seconds between two looks at whether anybody will come."""


class Door:
    """A listening socket for one runner."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        # Ours alone on this machine; in the container, where there are no capabilities, the runner
        # is somebody else.
        place = self._folder / "d"
        place.mkdir()
        place.chmod(0o755)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place / "s"))
        (place / "s").chmod(0o666)
        self._listener.listen(1)
        self._listener.settimeout(MOMENT)
        self.mount = f"{place}:{INSIDE}:ro"
        """How the engine is to mount it."""

    def wait(self) -> socket.socket | None:
        """The runner, if it comes within a moment."""
        with suppress(TimeoutError):
            return self._listener.accept()[0]
        return None

    def close(self) -> None:
        """Nobody else can come. Idempotent."""
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def sweep() -> None:
    """Remove what processes left that were killed while they waited at the door."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)
