"""The Docker engine: the only file that talks to it."""

import json
import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from ..errors import MissingError
from .door import Door, sweep
from .pipes import DockerPipe, Pipe, SocketPipe
from .worker import INSIDE, MASKED, BrokenWorker

LABEL = "ponder.sandbox"
UIDS = 25_000
"""Uids of one container: more than it gives out before it is replaced, two to a program at most."""
CANARY = "PONDER_CANARY=chirp"
"""A secret for attacks to find where a container is given an environment."""
GONE, GOING = 60.0, 3.0
"""Seconds that a program waits for an engine that has gone away, as one does that is restarted; and
for one that is about to."""
COMING = 30.0
"""Seconds in which a runner that was started comes to its door."""
HOW = "install Docker (apt-get install docker.io), start it, and see `ponder doctor`"


@dataclass(frozen=True)
class Container:
    """A running container and how one speaks with its runner."""

    id: str
    pipe: Pipe


@dataclass(frozen=True)
class Settings:
    """How containers are started."""

    room: int
    """Bytes that all processes of a container may use together."""
    pool: str = ""
    """Whose they are."""
    runtime: str | None = None
    """One of the engine's, such as gVisor's "runsc"; its default if None."""
    without: frozenset[str] = frozenset()
    """Walls that are left out: for tests that show what each is for."""


class Engine:
    """A connection to the engine of the environment (DOCKER_HOST, or the local one).

    Raises:
        MissingError: no engine answers.
    """

    def __init__(self) -> None:
        try:
            self._address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
            _knock(self._address)
            self._docker: Any = docker.from_env(timeout=60)
            self._docker.ping()
            self._doors = self._address.startswith("unix://")
        except (DockerException, OSError) as error:
            raise MissingError(f"no Docker engine answers ({_why(error)}): {HOW}") from None

    def version(self) -> str:
        """The engine's version."""
        return str(self._docker.version()["Version"])

    def image_id(self, tag: str) -> str | None:
        """The digest of the image of that name, or None."""
        try:
            return str(self._docker.images.get(tag).id)
        except ImageNotFound:
            return None

    def run(self, image: str, settings: "Settings") -> Container:
        """Start a locked-down container of the image, attached to its runner. Waits for an engine
        that has gone away.

        Raises:
            BrokenWorker: it does not start.
        """
        started = time.monotonic()
        while True:
            try:
                _knock(self._address)
                return self._run(image, settings)
            except (DockerException, OSError) as error:
                if time.monotonic() > started + _patience(error):
                    raise BrokenWorker(f"no container starts: {_why(error)}") from error
            time.sleep(0.3)

    def _run(self, image: str, settings: "Settings") -> Container:
        if self._doors:
            if container := self._run_at_a_door(image, settings):
                return container
            self._doors = False  # the engine sees other files than we do, or lets no socket through
        id = self._create(image, settings)
        with self._killed_if_it_fails(id):
            stream = self._docker.api.attach_socket(
                id, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            )
            pipe = DockerPipe(_raw(stream), stream)
            with ExitStack() as unless_it_starts:
                unless_it_starts.callback(pipe.close)
                self._docker.api.start(id)
                unless_it_starts.pop_all()
        return Container(id, pipe)

    def _run_at_a_door(self, image: str, settings: "Settings") -> Container | None:
        """A container whose runner speaks with us directly; None if it cannot."""
        with closing(Door()) as door:
            id = self._create(image, settings, door)
            with self._killed_if_it_fails(id):
                self._docker.api.start(id)
                until = time.monotonic() + COMING
                while (stream := door.wait()) is None:
                    if time.monotonic() > until or not self._runs(id):
                        self.kill(id)
                        return None
        return Container(id, SocketPipe(stream))

    def _runs(self, id: str) -> bool:
        try:
            return bool(self._docker.api.inspect_container(id)["State"]["Running"])
        except NotFound:
            return False

    @contextmanager
    def _killed_if_it_fails(self, id: str) -> Iterator[None]:
        try:
            yield
        except (DockerException, OSError):
            self.kill(id)
            raise

    def _create(self, image: str, settings: "Settings", door: Door | None = None) -> str:
        first_uid, without = self._free_uids(), settings.without
        runner = {
            "first_uid": first_uid,
            "uids": UIDS,
            "without": sorted(without & INSIDE),
            "door": door is not None,
        }
        created = self._docker.api.create_container(
            image,
            ["python3", "-I", "-B", "-u", "/ponder/runner.py", json.dumps(runner)],
            # The runner's input ends when this process does: its door's, or else the attached one.
            stdin_open=door is None,
            user="0:0",
            host_config=self._limits(settings, door),
            environment=[CANARY] if "no environment" in without else [],
            labels={
                LABEL: str(first_uid),
                f"{LABEL}.owner": owner(),
                f"{LABEL}.pool": settings.pool,
            },
            network_disabled="no network" not in without,
            # Else the proxies of the user's client, and their passwords, are in its environment.
            use_config_proxy=False,
        )
        return str(created["Id"])

    def _limits(self, settings: "Settings", door: Door | None) -> dict[str, Any]:
        """The walls around a container."""
        without = settings.without
        binds = ["/var/tmp:/var/tmp:ro"] if "own root" in without else []
        limits: dict[str, Any] = self._docker.api.create_host_config(
            network_mode=None if "no network" in without else "none",
            cap_drop=["ALL"],
            # To give every program a uid of its own, and to end it.
            cap_add=["SETUID", "SETGID", "KILL"],
            security_opt=["no-new-privileges"],
            read_only="read-only root" not in without,
            binds=[*binds, door.mount] if door else binds,
            ipc_mode="none",
            pids_limit=64,
            mem_limit=0 if "container memory" in without else settings.room,
            memswap_limit=-1 if "container memory" in without else settings.room,
            nano_cpus=10**9,
            log_config={"Type": "none"},
            auto_remove=True,
            ulimits=[docker.types.Ulimit(name="core", soft=0, hard=0)],
            runtime=settings.runtime,
        )
        if "own root" not in without:
            # In /sys are the machine's devices, and what programs before this one used at most.
            limits["MaskedPaths"] = ["/sys", *(f"/proc/{name}" for name in MASKED)]
        return limits

    def _free_uids(self) -> int:
        """The start of a range of uids that no living container uses: the kernel's limits count a
        uid over all containers."""
        used = {int(labels[LABEL]) for _, labels in self._ours()}
        while True:
            first = 2**20 + random.SystemRandom().randrange(2**15) * UIDS
            if first not in used:
                return first

    def kill(self, id: str) -> None:
        """End a container at once. Never raises."""
        with suppress(DockerException, OSError):
            _knock(self._address)
            self._docker.api.remove_container(id, force=True, v=True)

    def reap(self) -> int:
        """Remove the containers of processes that are gone; how many there were."""
        orphans = [id for id, labels in self._ours() if not _alive(labels.get(f"{LABEL}.owner"))]
        for id in orphans:
            self.kill(id)
        sweep()
        return len(orphans)

    def clear(self, pool: str) -> None:
        """Remove whatever is left of a pool. Never raises."""
        with suppress(DockerException, OSError):
            _knock(self._address)
            for id, labels in self._ours():
                if labels.get(f"{LABEL}.pool") == pool:
                    self.kill(id)

    def _ours(self) -> Iterator[tuple[str, dict[str, str]]]:
        for container in self._docker.api.containers(all=True, filters={"label": LABEL}):
            yield container["Id"], container["Labels"]

    @contextmanager
    def importing(self, tag: str) -> Iterator[Any]:
        """Import a root file system, as a tar archive in the file that is yielded."""
        import tempfile

        with tempfile.TemporaryFile() as archive:
            yield archive
            archive.seek(0)
            name, _, version = tag.partition(":")
            self._docker.api.import_image_from_data(archive, repository=name, tag=version)

    def close(self) -> None:
        """Let go of the connection."""
        self._docker.close()


def _patience(error: Exception) -> float:
    """Seconds for which what went wrong may pass: an engine that is gone comes back, one that is
    going says so, and one that refuses goes on refusing."""
    if isinstance(error, APIError):
        return GOING if error.is_server_error() else 0.0
    return GONE


def _knock(address: str) -> None:
    """Raise OSError if nothing listens on a local socket: docker-py would leave its own open."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(address.removeprefix("unix://"))


def owner() -> str:
    """This process, in words that no later one shares: host, pid, and when it started."""
    return f"{_host()}/{os.getpid()}/{_started(os.getpid())}"


def _alive(label: str | None) -> bool:
    """Whether the process of an owner label still runs; another host's is left alone."""
    host, pid, started = (label or "//").split("/")
    if host != _host():
        return bool(host)
    return bool(started) and _started(int(pid)) == started


def _host() -> str:
    """Where pids mean what they do here: machine and pid namespace."""
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}.{namespace}"


def _started(pid: int) -> str:
    try:
        # Field 22, counted after the command, whose name may hold anything in brackets.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _raw(stream: Any) -> socket.socket:
    """The socket under what docker-py returns, which differs by how the engine is reached."""
    found: socket.socket = getattr(stream, "_sock", stream)
    return found


def _why(error: Exception) -> str:
    if isinstance(error, NotFound | APIError) and error.explanation:
        return str(error.explanation)[:200]
    text = " ".join(str(error).split())
    if "Permission denied" in text:
        return "permission denied: add yourself to the group docker"
    if "No such file" in text or "Connection refused" in text:
        return "nothing listens on its socket"
    return text[:200]
