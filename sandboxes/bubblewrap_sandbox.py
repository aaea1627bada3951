"""Programs in bubblewrap's namespaces, for machines without a container engine.

The same runner as in the container, under the same limits and system call filter, in namespaces of
its own: no network, no other process in sight, nothing of the file system but the system's own
libraries, read-only. What differs from Docker, and is said in docs/sandbox.md: no limit on what all
processes of a worker use together, this machine's own Python, and, unless we are root, one uid for
all programs.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .. import tasks
from ..errors import MissingError
from .pipes import SocketPipe
from .pool import LIFE, WorkerPool
from .worker import INSIDE, MASKED, BrokenWorker, Worker

HOW = "apt-get install bubblewrap"
HERE = "/ponder"
FIRST_UID, UIDS = 2**30, 25_000
"""Where uids for programs begin if we are root, nobody's and no container's of ours; and how many a
worker has."""
DEVICES = ("null", "zero", "full", "random", "urandom")
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
"""What Python and its libraries need of this machine, where it exists."""


class BubblewrapSandbox(WorkerPool):
    """A pool of runners, each in namespaces of its own, that run one program at a time."""

    name = "bubblewrap"

    def __init__(
        self,
        workers: int | None = None,
        without: frozenset[str] = frozenset(),
        python: str | None = None,
        user: int | None = None,
    ) -> None:
        """Programs run by `python`, an interpreter of this machine that is this one if None. What
        is left out with `without`, and `user`, whom root may run it as, serve tests."""
        super().__init__(workers, LIFE)
        self._within = _Within(without, _real(python), os.geteuid() if user is None else user)
        self._works = False
        self._checking = threading.Lock()

    @property
    def is_boundary(self) -> bool:
        """See `Sandbox.is_boundary`."""
        return not self._within.without

    def require(self) -> None:
        """See `WorkerPool.require`."""
        with self._checking:
            if not self._works:
                _try(self._within)
                self._works = True

    def hire(self, room: int) -> Worker:
        """See `WorkerPool.hire`."""
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        try:
            process = subprocess.Popen(
                [*self._within.command("--info-fd", str(writing)), *self._within.runner()],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                pass_fds=[writing],
                **self._within.how(),
            )
        except OSError as error:
            ours.close()
            os.close(reading)
            raise BrokenWorker(f"bubblewrap does not start: {error.strerror}") from error
        finally:
            theirs.close()
            os.close(writing)
        with os.fdopen(reading, "rb") as told:
            init = _init(told.read())
        return Worker(SocketPipe(ours), partial(_end, process, init, ours))


def _try(within: "_Within") -> None:
    """Raise MissingError if bubblewrap is not here, or may make no namespaces."""
    if shutil.which("bwrap") is None:
        raise MissingError(f"bubblewrap is not installed: {HOW}")
    command = [*within.command(), str(within.python), "-I", "-c", f"import ctypes; {LIBRARY}"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False, **within.how())
    if tried.returncode != 0:
        last = (tried.stderr.strip().splitlines() or [f"exit status {tried.returncode}"])[-1]
        raise MissingError(
            f"bubblewrap does not work here ({last[:200]}): it needs user namespaces "
            "(sysctl kernel.unprivileged_userns_clone=1) and libseccomp2"
        )


LIBRARY = "ctypes.CDLL('libseccomp.so.2')"


@dataclass(frozen=True)
class _Within:
    """What a runner is started in."""

    without: frozenset[str]
    python: Path
    user: int
    """Who bubblewrap runs as."""

    def command(self, *options: str) -> list[str]:
        """bubblewrap with all of its walls, up to what it is to run."""
        command = ["bwrap", *options, "--as-pid-1", "--cap-drop", "ALL", "--clearenv"]
        command += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        command += ["--hostname", "sandbox"]
        if "no network" not in self.without:
            command.append("--unshare-net")
        if self.user == 0:  # to give every program a uid of its own, and to end it
            command += [
                f for cap in ("SETUID", "SETGID", "KILL") for f in ("--cap-add", f"CAP_{cap}")
            ]
        else:
            command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
        command += ["--tmpfs", "/", "--proc", "/proc", *_folder("/dev"), *_folder("/tmp")]
        command += self._masks()
        for device in DEVICES:
            command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
        command += ["--symlink", "/proc/self/fd/0", "/dev/stdin"]
        command += ["--symlink", "/proc/self/fd/1", "/dev/stdout"]
        for source, place in self._bound():
            command += [*_folder(str(Path(place).parent)), "--ro-bind", str(source), place]
        if "no environment" in self.without:
            command += ["--setenv", "PONDER_CANARY", "chirp"]
        if "own root" in self.without:
            command += [*_folder("/var"), "--ro-bind", "/var/tmp", "/var/tmp"]
        for path in map(Path, SYSTEM):
            if path.is_symlink():
                command += ["--symlink", str(path.readlink()), str(path)]
            elif path.exists():
                command += ["--ro-bind", str(path), str(path)]
        if "read-only root" in self.without:
            command += ["--chmod", "1777", "/tmp"]
        else:
            command += ["--remount-ro", "/"]
        return [*command, "--chdir", "/", "--"]

    def _masks(self) -> list[str]:
        """Nothing in place of what the kernel says of the whole machine."""
        masked = [f"/proc/{name}" for name in MASKED if "own root" not in self.without]
        return [
            word
            for path in masked
            if Path(path).is_file()
            for word in ("--ro-bind", "/dev/null", path)
        ]

    def _bound(self) -> Iterator[tuple[Path, str]]:
        """What is put where, beside the system: the Python, if it is another, and the runner."""
        prefix = self.python.parent.parent
        if not prefix.is_relative_to("/usr"):
            yield prefix, str(prefix)
        for file in (Path(__file__).parent / "inside").glob("*.py"):
            yield file, f"{HERE}/{file.name}"
        yield Path(tasks.__file__).parent / "values.py", f"{HERE}/values.py"

    def runner(self) -> list[str]:
        """What is run in it."""
        first = FIRST_UID + random.SystemRandom().randrange(2**15) * UIDS
        # Unless we are root, there is one uid in this namespace.
        without = self.without & INSIDE | (frozenset() if self.user == 0 else {"uid"})
        options = {"first_uid": first, "uids": UIDS, "without": sorted(without)}
        runner = f"{HERE}/runner.py"
        return [str(self.python), "-I", "-B", "-u", runner, json.dumps(options)]

    def how(self) -> dict[str, Any]:
        """How bubblewrap is started: knowing nothing of ours."""
        if self.user == os.geteuid():
            who = {}
        else:
            who = {"user": self.user, "group": self.user, "extra_groups": []}
        return {"cwd": "/", "env": {}, "start_new_session": True, **who}


def _folder(path: str) -> list[str]:
    """It and what is above it, open to every uid: bubblewrap makes what is missing for its own."""
    above = [*reversed(Path(path).parents), Path(path)][1:]
    return [word for folder in above for word in ("--perms", "0755", "--dir", str(folder))]


def _real(python: str | None) -> Path:
    """The interpreter that runs programs: without a virtual environment around it, which may hold
    what is ours."""
    if python is not None:
        return Path(python).resolve()
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return Path(sys.base_prefix).resolve() / "bin" / version


def _init(info: bytes) -> int:
    """A handle on the first process of the namespace, whose end is that of all in it; -1 if it is
    gone already."""
    try:
        return os.pidfd_open(json.loads(info)["child-pid"])
    except (ValueError, KeyError, OSError):
        return -1


def _end(process: subprocess.Popen[bytes], init: int, pipe: socket.socket) -> None:
    with suppress(OSError):
        pipe.shutdown(socket.SHUT_RDWR)
    if init >= 0:
        with suppress(OSError):
            signal.pidfd_send_signal(init, signal.SIGKILL)
        with suppress(OSError):
            os.close(init)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)  # it reaps the other, and what that used is accounted for
    process.kill()
    process.wait()
