"""What only a boundary does: the walls of the container, and its end."""

import asyncio
import gc
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import docker
import pytest

from ponder.errors import MissingError, SandboxError
from ponder.sandboxes import Limits, Program
from ponder.sandboxes.docker_sandbox import DockerSandbox
from ponder.sandboxes.engine import LABEL, Engine, owner

pytestmark = pytest.mark.docker
SHORT = Limits(cpu_seconds=1, wall_seconds=3)
HONEST = Program("def f(x):\n    return x + 1", "f")
SPIN = Program("def f(x):\n    while True: pass", "f")


@pytest.fixture
def sandbox() -> Iterator[DockerSandbox]:
    made = DockerSandbox(workers=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


def ours(engine: docker.DockerClient) -> set[str]:
    found = engine.api.containers(all=True, filters={"label": LABEL})
    return {str(container["Id"]) for container in found}


async def outcome(sandbox: DockerSandbox, code: str) -> str:
    execution = await sandbox.run(Program(code, "f"), [()], SHORT)
    one = execution.outcomes[0]
    return f"{one.ended} {one.value} {one.error}"


DENIED = {
    "write a file": "def f():\n    open('/tmp/x', 'w').write('x')",
    "write to shm": "def f():\n    open('/dev/shm/x', 'w').write('x')",
    "write the runner": "def f():\n    open('/ponder/runner.py', 'w')",
    "become root": "import os\ndef f():\n    os.setuid(0)",
    "kill everything": (
        "import os\ndef f():\n    for pid in (1, 2, 3, -1):\n        os.kill(pid, 9)"
    ),
    "read pid 1": "def f():\n    open('/proc/1/mem', 'rb').read(1)",
    "read pid 1's environment": "def f():\n    return open('/proc/1/environ').read()",
    "the network": (
        "import socket\ndef f():\n    socket.create_connection(('1.1.1.1', 80), timeout=1)"
    ),
    "mount": (
        "import ctypes\ndef f():\n    if ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, 0):\n"
        "        raise PermissionError"
    ),
    "chroot": "import os\ndef f():\n    os.chroot('/tmp')",
}


@pytest.mark.parametrize("name", DENIED)
async def test_a_program_can_not(sandbox: DockerSandbox, name: str) -> None:
    got = await outcome(sandbox, DENIED[name])

    assert got.startswith(("forbidden", "exception")), got
    assert (await sandbox.run(HONEST, [(1,)], SHORT)).outcomes[0].value == 2


async def test_a_fork_bomb_ends_with_its_program(
    sandbox: DockerSandbox, engine: docker.DockerClient
) -> None:
    before = ours(engine)
    await sandbox.run(HONEST, [(1,)], SHORT)
    (container,) = ours(engine) - before
    bomb = (
        "import os\ndef f():\n    while True:\n        try: os.fork()\n        except OSError: pass"
    )
    daemon = (
        "import os, time\ndef f():\n    if os.fork() == 0:\n        os.setsid()\n"
        "        if os.fork() == 0:\n            time.sleep(100)\n        os._exit(0)\n    return 1"
    )

    await outcome(sandbox, bomb)
    await outcome(sandbox, daemon)

    assert (await sandbox.run(HONEST, [(1,)], SHORT)).outcomes[0].value == 2
    assert container in ours(engine), "cleaned up in place, not replaced"
    assert len(engine.containers.get(container).top()["Processes"]) == 2


async def test_every_program_has_a_uid_of_its_own(sandbox: DockerSandbox) -> None:
    code = "import os\ndef f():\n    return os.getuid()"

    first, second = [(await outcome(sandbox, code)) for _ in range(2)]

    assert first != second
    assert "value 0 " not in (first, second)


async def test_the_proxies_of_this_user_do_not_come_in(
    sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An environment that a process has cleared is still in its memory, which a fork inherits."""
    proxies = {"default": {"httpProxy": "http://me:chirp@proxy:1"}}
    (tmp_path / "config.json").write_text(json.dumps({"proxies": proxies}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    code = (
        "import ctypes\ndef f():\n    for line in open('/proc/self/maps'):\n"
        "        if line.endswith('[stack]\\n'):\n"
        "            start, end = (int(n, 16) for n in line.split()[0].split('-'))\n"
        "            text = ctypes.string_at(start, end - start)\n"
        "            return b'PATH=' in text, b'ch' + b'irp' in text"
    )

    execution = await sandbox.run(Program(code, "f"), [()], SHORT)

    assert execution.outcomes[0].value == (True, False)


async def test_results_say_which_image_they_come_from(sandbox: DockerSandbox) -> None:
    execution = await sandbox.run(HONEST, [(1,)], SHORT)

    assert execution.image.startswith("sha256:")


async def test_a_container_killed_under_a_program_is_replaced_and_the_program_run_again(
    sandbox: DockerSandbox, engine: docker.DockerClient
) -> None:
    before = ours(engine)
    slow = Program("import time\ndef f(x):\n    time.sleep(1)\n    return x", "f")
    running = asyncio.create_task(sandbox.run(slow, [(7,)]))
    while not ours(engine) - before:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    for id in ours(engine) - before:
        engine.containers.get(id).kill()

    assert (await running).outcomes[0].value == 7


async def test_a_sandbox_that_always_fails_is_an_error_and_no_verdict(
    sandbox: DockerSandbox,
) -> None:
    sandbox.require()
    sandbox._image = "no-such-image"

    with pytest.raises(SandboxError, match="3 workers failed"):
        await sandbox.run(HONEST, [(1,)])


async def test_an_image_that_is_not_there_is_missing() -> None:
    with pytest.raises(MissingError, match="ponder sandbox build"):
        await DockerSandbox(image="no-such-image").start()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "unix:///no/such/socket"])
async def test_no_engine_is_missing(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)

    with pytest.raises(MissingError, match="no Docker engine answers"):
        await DockerSandbox().start()


async def test_closing_leaves_no_container(engine: docker.DockerClient) -> None:
    before = ours(engine)
    sandbox = DockerSandbox(workers=2)
    await asyncio.gather(*(sandbox.run(HONEST, [(1,)], SHORT) for _ in range(4)))
    assert ours(engine) - before

    sandbox.close()
    sandbox.close()

    assert not ours(engine) - before
    with pytest.raises((SandboxError, RuntimeError)):
        await sandbox.run(HONEST, [(1,)])


async def test_a_sandbox_that_is_forgotten_leaves_no_container(
    engine: docker.DockerClient,
) -> None:
    before = ours(engine)
    sandbox = DockerSandbox(workers=1)
    await sandbox.run(HONEST, [(1,)], SHORT)
    assert ours(engine) - before

    del sandbox
    gc.collect()

    assert not ours(engine) - before


CLIENT = """
import asyncio
import gc
from ponder.sandboxes import Limits, Program
from ponder.sandboxes.docker_sandbox import DockerSandbox

async def main():
    sandbox = DockerSandbox(workers=1)
    await sandbox.run(Program("def f():\\n    return 1", "f"), [()])
    print("warm", flush=True)
    spin = Program("def f():\\n    while True: pass", "f")
    await sandbox.run(spin, [()], Limits(cpu_seconds=600, wall_seconds=600))

asyncio.run(main())
"""


def test_a_client_killed_while_a_program_spins_takes_its_container_along(
    engine: docker.DockerClient,
) -> None:
    before = ours(engine)
    with subprocess.Popen([sys.executable, "-c", CLIENT], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"warm\n"
        time.sleep(0.5)
        assert ours(engine) - before
        client.send_signal(signal.SIGKILL)

    until = time.monotonic() + 15
    while ours(engine) - before and time.monotonic() < until:
        time.sleep(0.2)
    assert not ours(engine) - before


def test_containers_of_processes_that_are_gone_are_reaped(engine: docker.DockerClient) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    host = owner().partition("/")[0]
    sandbox = DockerSandbox(workers=1)
    sandbox.require()
    container = engine.containers.create(
        sandbox._image,
        ["python3", "-c", "import time; time.sleep(600)"],
        labels={LABEL: "1", f"{LABEL}.owner": f"{host}/{dead.pid}/1"},
    )
    container.start()

    with closing(Engine()) as ours_too:
        assert ours_too.reap() >= 1

    assert container.id not in ours(engine)
    sandbox.close()


async def test_it_serves_several_event_loops(sandbox: DockerSandbox) -> None:
    def once(_: int) -> int:
        return int(asyncio.run(sandbox.run(HONEST, [(1,)], SHORT)).outcomes[0].value)

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(once, range(4))) == [2] * 4
