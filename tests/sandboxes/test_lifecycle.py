"""Whoever is killed, nothing is lost and nothing is left."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ponder.errors import SandboxError
from ponder.sandboxes import Limits, Program, pool
from ponder.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from ponder.sandboxes.docker_sandbox import DockerSandbox

from .conftest import unprivileged

SLOW = Program("import time\ndef f(x):\n    time.sleep(1)\n    return x", "f")
HONEST = Program("def f(x):\n    return x + 1", "f")
CLIENT = """
import asyncio, sys
from ponder.sandboxes import Limits, Program, connect

async def main():
    sandbox = {sandbox}
    await sandbox.run(Program("def f():\\n    return 1", "f"), [()])
    print("warm", flush=True)
    spin = Program("def f():\\n    while True: pass", "f")
    await sandbox.run(spin, [()], Limits(cpu_seconds=600, wall_seconds=600))

asyncio.run(main())
"""
BUBBLEWRAP = "connect('bubblewrap:workers=1')"
WITH_A_DEAF_RUNNER = (
    "__import__('ponder.sandboxes.bubblewrap_sandbox', fromlist=['x'])"
    ".BubblewrapSandbox(workers=1, without=frozenset(['end of input']))"
)


def runners() -> set[int]:
    """Processes of runners on this machine, in whatever namespace."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"/ponder/runner.py" in path.read_bytes():
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def kill(processes: set[int]) -> None:
    """Those that are still there: a namespace goes with its first process."""
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def gone(before: set[int], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while runners() - before and time.monotonic() < until:
        time.sleep(0.1)
    return not runners() - before


def kill_a_client_whose_program_spins(sandbox: str) -> None:
    code = CLIENT.format(sandbox=sandbox)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"warm\n"
        time.sleep(0.5)
        client.send_signal(signal.SIGKILL)


@pytest.mark.bubblewrap
def test_a_client_killed_while_a_program_spins_takes_its_runner_along() -> None:
    before = runners()

    kill_a_client_whose_program_spins(BUBBLEWRAP)

    assert gone(before, 2)


@pytest.mark.bubblewrap
def test_a_runner_that_does_not_listen_would_stay() -> None:
    """What the test above would find without the wall it is about."""
    before = runners()

    kill_a_client_whose_program_spins(WITH_A_DEAF_RUNNER)

    stayed = not gone(before, 2)
    kill(runners() - before)
    assert stayed


@pytest.mark.bubblewrap
async def test_a_runner_killed_under_a_program_is_replaced_and_the_program_run_again() -> None:
    before = runners()
    sandbox = BubblewrapSandbox(workers=1)
    running = asyncio.create_task(sandbox.run(SLOW, [(7,)]))
    while not runners() - before:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    kill(runners() - before)

    assert (await running).outcomes[0].value == 7
    sandbox.close()
    assert gone(before, 2)


@pytest.mark.bubblewrap
async def test_runners_that_died_while_they_waited_cost_no_program_its_verdict() -> None:
    before = runners()
    sandbox = BubblewrapSandbox(workers=3)
    await asyncio.gather(*(sandbox.run(SLOW, [(n,)]) for n in range(3)))
    kill(runners() - before)
    assert gone(before, 2)

    assert (await sandbox.run(HONEST, [(7,)])).outcomes[0].value == 8
    sandbox.close()
    assert gone(before, 2)


@pytest.mark.bubblewrap
async def test_a_fork_of_this_process_leaves_the_runners_alone() -> None:
    before = runners()
    sandbox = BubblewrapSandbox(workers=1)
    running = asyncio.create_task(sandbox.run(SLOW, [(7,)]))
    while not runners() - before:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)

    child = os.fork()
    if child == 0:
        signal.alarm(10)
        sandbox.close()
        refused = 0
        try:
            sandbox.run(HONEST, [(1,)]).send(None)
        except SandboxError:
            refused = 1
        os._exit(refused)

    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert (await running).outcomes[0].value == 7
    sandbox.close()
    assert gone(before, 2)


FORKED = """
import asyncio, os, time
from ponder.sandboxes import Program, connect

sandbox = connect('bubblewrap:workers=1')
asyncio.run(sandbox.run(Program("def f():\\n    return 1", "f"), [()]))
if os.fork():
    print("warm", flush=True)
time.sleep(20)
"""


@pytest.mark.bubblewrap
def test_a_fork_that_outlives_its_parent_keeps_no_runner() -> None:
    before = runners()
    with subprocess.Popen(
        [sys.executable, "-c", FORKED], stdout=subprocess.PIPE, start_new_session=True
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"warm\n"

        client.send_signal(signal.SIGKILL)

        assert gone(before, 2)
        os.killpg(client.pid, signal.SIGKILL)


LEAVING = """
import asyncio
from ponder.sandboxes import Limits, Program, connect

async def main():
    spin = Program("def f():\\n    while True: pass", "f")
    running = sandbox.run(spin, [()], Limits(cpu_seconds=60, wall_seconds=60))
    await asyncio.wait_for(running, 1)

sandbox = connect('bubblewrap:workers=1')
try:
    asyncio.run(main())
except TimeoutError:
    print("gave up", flush=True)
"""


@pytest.mark.bubblewrap
def test_a_process_that_is_through_does_not_wait_for_a_program_that_spins() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVING], capture_output=True, check=False, timeout=30
    )

    assert (done.stdout, done.stderr, done.returncode) == (b"gave up\n", b"", 0)


@pytest.mark.bubblewrap
async def test_a_process_without_a_descriptor_left_gets_no_verdict_and_no_crash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    sandbox = BubblewrapSandbox(workers=1)
    sandbox.require()
    monkeypatch.setattr("ponder.sandboxes.bubblewrap_sandbox.socket.socketpair", none_left)

    with pytest.raises(SandboxError, match="no worker starts: Too many open files"):
        await sandbox.run(HONEST, [(1,)])
    sandbox.close()


@pytest.mark.bubblewrap
async def test_a_program_that_something_else_kills_is_given_another_chance() -> None:
    """As when the whole machine has no memory left."""
    before = runners()
    sandbox = BubblewrapSandbox(workers=1)
    running = asyncio.create_task(sandbox.run(SLOW, [(7,)]))
    # bubblewrap, the controller, the zygote, the program
    while len(runners() - before) < 4:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    os.kill(max(runners() - before), signal.SIGKILL)

    assert (await running).outcomes[0].value == 7
    sandbox.close()


@pytest.mark.bubblewrap
async def test_a_program_is_not_run_again_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """And without another attempt, a fault of the sandbox is an error, never a verdict."""
    monkeypatch.setattr(pool, "ATTEMPTS", 1)
    before = runners()
    sandbox = BubblewrapSandbox(workers=1)
    running = asyncio.create_task(sandbox.run(SLOW, [(7,)]))
    while not runners() - before:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    kill(runners() - before)

    with pytest.raises(SandboxError, match="no report"):
        await running
    sandbox.close()


@pytest.mark.bubblewrap
@pytest.mark.parametrize("as_a_user", [False, True])
async def test_closing_leaves_no_runner(as_a_user: bool) -> None:
    before = runners()
    sandbox = unprivileged() if as_a_user else BubblewrapSandbox(workers=2)
    await asyncio.gather(*(sandbox.run(HONEST, [(1,)]) for _ in range(4)))
    assert runners() - before

    sandbox.close()
    sandbox.close()

    assert gone(before, 2)


@pytest.mark.bubblewrap
async def test_a_worker_is_replaced_behind_the_back_of_programs() -> None:
    sandbox = BubblewrapSandbox(workers=1)
    sandbox._life = 3

    values = [(await sandbox.run(HONEST, [(n,)])).outcomes[0].value for n in range(10)]
    sandbox.close()

    assert values == list(range(1, 11))


@pytest.mark.bubblewrap
async def test_a_worker_is_replaced_before_its_uids_run_out() -> None:
    """One for every process, and a program that reads standard input has one an input."""
    before = runners()
    sandbox = BubblewrapSandbox(workers=1)
    sandbox._life = 3
    await sandbox.run(Program("print(input())"), ["1", "2"])
    first = runners() - before
    await sandbox.run(Program("print(input())"), ["3"])

    execution = await sandbox.run(Program("print(input())"), ["4"])

    assert execution.outcomes[0].stdout == "4\n"
    assert not first & runners()
    sandbox.close()


@pytest.mark.docker
async def test_with_isolation_by_container_no_two_programs_share_one() -> None:
    sandbox = DockerSandbox(workers=1, isolation="container")
    name = Program("def f():\n    return open('/etc/hostname').read()", "f")

    names = [(await sandbox.run(name, [()])).outcomes[0].value for _ in range(3)]
    sandbox.close()

    assert len(set(names)) == 3


@pytest.fixture
def busy() -> Iterator[None]:
    """More work than there are cores; each in a session of its own, as the kernel shares by it."""
    spin = [sys.executable, "-c", "while True: pass"]
    spinning = [
        subprocess.Popen(spin, start_new_session=True) for _ in range(6 * (os.cpu_count() or 1))
    ]
    time.sleep(1)
    yield
    for process in spinning:
        process.kill()
        process.wait()


@pytest.mark.bubblewrap
async def test_time_without_a_core_is_not_the_programs_fault(busy: None) -> None:
    """0.5 s of work on a machine that gives it a seventh of a core: 3.5 s, with a limit of 1.5."""
    work = "import time\ndef f():\n    while time.process_time() < 0.5: pass\n    return 1"
    sandbox = BubblewrapSandbox(workers=1)

    execution = await sandbox.run(Program(work, "f"), [()], Limits(wall_seconds=1.5))
    sandbox.close()

    assert execution.outcomes[0].value == 1
    assert execution.wall_seconds > 1.5
