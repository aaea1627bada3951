"""Programs as plain child processes of this one. Not a boundary: must be asked for by name."""

import socket
import subprocess
import sys
import warnings
from contextlib import suppress
from functools import partial
from pathlib import Path

from .. import tasks
from .pipes import SocketPipe
from .pool import WorkerPool
from .worker import Worker

WARNING = (
    "the subprocess sandbox limits time and memory, but keeps nothing in: "
    "programs can read and send what you can"
)


class SubprocessSandbox(WorkerPool):
    """The same runner as in the container, started here, without its uids and its walls."""

    name = "subprocess"
    is_boundary = False

    def __init__(self, workers: int | None = None) -> None:
        super().__init__(workers)
        warnings.warn(WARNING, stacklevel=2)

    def require(self) -> None:
        """Python is all it needs."""

    def hire(self, room: int) -> Worker:
        """See `WorkerPool.hire`."""
        ours, theirs = socket.socketpair()
        inside = Path(__file__).parent / "inside"
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-u", str(inside / "runner.py"), '{"local": true}'],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                cwd="/",
                # Nothing of ours in its environment: keys of model providers live there.
                env={"PONDER_VALUES": str(Path(tasks.__file__).parent)},
                start_new_session=True,
            )
        return Worker(SocketPipe(ours), partial(_end, process, ours))


def _end(process: subprocess.Popen[bytes], pipe: socket.socket) -> None:
    with suppress(OSError):
        pipe.shutdown(socket.SHUT_RDWR)  # the runner ends with its input, and its candidate with it
    with suppress(subprocess.TimeoutExpired):
        process.wait(2)
    process.kill()
    process.wait()
