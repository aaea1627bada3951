"""An engine killed with -9 and started again while programs run in it."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ponder.sandboxes import Program
from ponder.sandboxes.docker_sandbox import DockerSandbox
from ponder.sandboxes.image import tag

pytestmark = [
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("dockerd") is None, reason="needs root and dockerd"
    ),
]
SLOW = "import time\ndef f(x):\n    time.sleep(0.3)\n    return x + {n}"


class PrivateEngine:
    """A dockerd of our own, apart from the one that other tests use."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = folder, f"unix://{folder}/docker.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        (self.folder / "pid").unlink(missing_ok=True)
        # In a network of its own: without a bridge, it would take the other engine's away.
        command = ["unshare", "--net", "dockerd", "--host", self.address]
        command += ["--bridge", "none", "--iptables=false"]
        command += ["--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec"]
        command += ["--pidfile", f"{self.folder}/pid", "--containerd-namespace", "ponder-test"]
        command += ["--containerd-plugins-namespace", "ponder-test-plugins"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + 60
        while self.docker("info").returncode != 0:
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.2)

    def docker(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = ["docker", "--host", self.address, *words]
        return subprocess.run(command, capture_output=True, check=False)

    def kill(self) -> None:
        """As a crash would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """In order, with its containerd if it has one of its own."""
        assert self.process is not None
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        self.process.kill()
        with suppress(OSError):
            pid = (self.folder / "exec/containerd/containerd.pid").read_text()
            os.kill(int(pid), signal.SIGKILL)
        # dockerd mounts its data folder on itself, and one that was killed leaves that behind.
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", "--lazy", mount], check=False)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateEngine]:
    made = PrivateEngine(tmp_path)
    archive = tmp_path / "image.tar"
    subprocess.run(["docker", "save", tag(), "-o", str(archive)], check=True)
    made.start()
    assert made.docker("load", "-i", str(archive)).returncode == 0
    monkeypatch.setenv("DOCKER_HOST", made.address)
    yield made
    made.stop()


async def test_nothing_is_lost_and_nothing_left(engine: PrivateEngine) -> None:
    sandbox = DockerSandbox(workers=2)
    await sandbox.start()
    programs = [Program(SLOW.format(n=n), "f") for n in range(30)]
    running = asyncio.gather(*(sandbox.run(program, [(1,)]) for program in programs))
    await asyncio.sleep(1.5)

    containers = engine.docker("ps", "--quiet", "--no-trunc").stdout.decode().split()
    engine.kill()
    await asyncio.sleep(2)
    await asyncio.to_thread(engine.start)

    executions = await running
    sandbox.close()
    assert [e.outcomes[0].value for e in executions] == [1 + n for n in range(30)]
    assert engine.docker("ps", "--all", "--quiet").stdout == b""
    assert len(containers) == 2
    processes = [path / "cgroup" for path in Path("/proc").iterdir() if path.name.isdigit()]
    assert not [path for path in processes if within(path, containers)]


def within(cgroup: Path, containers: list[str]) -> bool:
    """Whether a process belongs to one of the containers."""
    with suppress(OSError):
        return any(id in cgroup.read_text() for id in containers)
    return False
