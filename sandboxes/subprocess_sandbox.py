"""Programs as plain child processes of this one. Not a boundary: must be asked for by name."""

import socket
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

from .. import tasks
from .pool import WorkerPool
from .worker import SocketPipe, Worker

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
        self._processes: dict[Worker, subprocess.Popen[bytes]] = {}
        warnings.warn(WARNING, stacklevel=2)

    def check(self) -> None:
        """Python is all it needs."""

    def hire(self) -> Worker:
        """See `WorkerPool.hire`."""
        ours, theirs = socket.socketpair()
        inside = Path(__file__).parent / "inside"
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-u", str(inside / "runner.py"), "--local"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                cwd="/",
                # Nothing of ours in its environment: keys of model providers live there.
                env={"PONDER_VALUES": str(Path(tasks.__file__).parent)},
                start_new_session=True,
            )
        worker = Worker(SocketPipe(ours))
        self._processes[worker] = process
        return worker

    def fire(self, worker: Worker) -> None:
        """See `WorkerPool.fire`."""
        process = self._processes.pop(worker)
        worker.pipe.close()  # the runner ends with its input
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
        process.kill()
        process.wait()
