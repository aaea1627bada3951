"""The socket that a container's runner connects to, and what is done where it cannot."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ponder.sandboxes import Program, engine
from ponder.sandboxes.docker_sandbox import DockerSandbox
from ponder.sandboxes.door import MOMENT, PREFIX, Door, sweep
from ponder.sandboxes.pipes import DockerPipe, SocketPipe

DOUBLE = Program("def f(x):\n    return 2 * x", "f")


def folders(pid: int) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}{pid}-*"))


def test_a_door_that_nobody_comes_to_leaves_nothing() -> None:
    door = Door()

    assert door.wait() is None
    assert folders(os.getpid())
    door.close()
    door.close()

    assert not folders(os.getpid())


def test_only_what_dead_processes_left_is_swept() -> None:
    script = "from ponder.sandboxes.door import Door\nd = Door()\nimport os; os._exit(0)"
    ended = subprocess.Popen([sys.executable, "-c", script])
    ended.wait()
    ours = Door()
    assert folders(ended.pid)

    sweep()

    assert not folders(ended.pid)
    assert folders(os.getpid())
    ours.close()


@pytest.mark.docker
async def test_a_runner_comes_through_its_door_and_the_door_is_gone() -> None:
    sandbox = DockerSandbox(workers=1)

    execution = await sandbox.run(DOUBLE, [(2,)])

    (worker,) = sandbox._crew._workers
    assert execution.outcomes[0].value == 4
    assert type(worker._pipe) is SocketPipe
    assert not folders(os.getpid())
    sandbox.close()


class Elsewhere(Door):
    """A door that the engine cannot see, as where it runs on other files than ours."""

    def __init__(self) -> None:
        super().__init__()
        (self._folder / "empty").mkdir()
        self.mount = self.mount.replace("/d:", "/empty:")


class Unseen(Door):
    """A door that a runner comes to without our noticing: it waits there, and so would we."""

    def wait(self) -> None:
        time.sleep(MOMENT)


@pytest.mark.docker
@pytest.mark.parametrize("door", [Elsewhere, Unseen])
async def test_a_runner_that_does_not_come_through_its_door_is_spoken_with_through_the_engine(
    door: type[Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "Door", door)
    monkeypatch.setattr(engine, "COMING", 2.0)
    sandbox = DockerSandbox(workers=1)

    execution = await sandbox.run(DOUBLE, [(2,)])

    (worker,) = sandbox._crew._workers
    assert execution.outcomes[0].value == 4
    assert type(worker._pipe) is DockerPipe
    assert not folders(os.getpid())
    sandbox.close()
