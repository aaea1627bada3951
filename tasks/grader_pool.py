"""Graders: processes that compare two answers, with a hard limit on what one comparison may take.

What hangs or eats memory is killed with its process, which is replaced. Not tied to an event loop:
one thread a process talks to it, since that blocks. The threads are daemons, and whatever they have
started is ended when the pool is closed, forgotten, or the interpreter exits.
"""

import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingError
from .math_task import Grading

SCRIPT = Path(__file__).with_name("grader.py")
START = 60.0
"""Seconds that a process has to start and to import what it needs."""
PATIENCE = 6.0
"""Times its CPU seconds that a comparison may take in all, where it has to wait for a core."""
LONGEST_REPLY = 10_000
ATTEMPTS = 2
"""Processes that a comparison is given if something else ends them."""
LEAST_MEMORY = 128 * 2**20
"""Bytes with which sympy starts at all."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether two answers are equal; None where nobody can say, and then why."""

    equal: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One comparison: is `answer` equal to `gold`, or (`either`) `gold` to `answer`? The two are
    not always the same to a computer algebra system ("x = 5" answers "5")."""

    answer: str
    gold: str
    grading: Grading
    either: bool = False


class BrokenGrader(Exception):
    """The process ended, or said what it cannot have to say."""


class OutOfTime(BrokenGrader):
    """The process was ended by its own limit, or by ours."""


class Grader:
    """One process, seen from here. Blocking: for a thread."""

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        self._wall = max(PATIENCE * seconds, 1.0)
        self._buffer = b""
        self._fresh = True
        """Whether the next comparison has to wait for imports, too."""
        limits = json.dumps({"seconds": seconds, "memory": memory_bytes})
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(SCRIPT), limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            bufsize=0,
        )

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def ask(self, question: Question) -> tuple[Judgement, bool]:
        """The judgement, and whether the process should be replaced.

        Raises:
            BrokenGrader: it has to be.
            MissingError: a library is not installed.
        """
        wall = self._wall
        if self._fresh:
            wall += START
            if "ready" not in self._line(START):
                raise BrokenGrader("it does not start")
            self._fresh = False
        asked = {
            "grading": question.grading,
            "answer": question.answer,
            "gold": question.gold,
            "either": question.either,
        }
        self._send(json.dumps(asked).encode("ascii") + b"\n")
        reply = self._line(wall)
        if "missing" in reply:
            raise _missing(str(reply["missing"]))
        equal, why = reply.get("equal"), reply.get("why")
        if equal not in (True, False, None) or not isinstance(why, str):
            raise BrokenGrader("it makes no sense")
        return Judgement(equal, why), bool(reply.get("tired"))

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            while data:
                data = data[self._process.stdin.write(data) or 0 :]
        except OSError as error:
            raise BrokenGrader("it has ended") from error

    def _line(self, seconds: float) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            self._buffer += self._part(end - time.monotonic())
            if len(self._buffer) > LONGEST_REPLY:
                raise BrokenGrader("it says too much")
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            reply = json.loads(line)
        except ValueError as error:
            raise BrokenGrader("it makes no sense") from error
        if not isinstance(reply, dict):
            raise BrokenGrader("it makes no sense")
        return reply

    def _part(self, seconds: float) -> bytes:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        waiting = select.poll()
        waiting.register(stream, select.POLLIN)
        if not waiting.poll(max(0.0, seconds) * 1000):
            raise OutOfTime("it does not answer")
        part = os.read(stream, 4096)
        if part:
            return part
        if self._process.wait() == -signal.SIGPROF:
            raise OutOfTime("its time is up")
        raise BrokenGrader("it has ended")

    def end(self) -> None:
        """Kill it. Idempotent, and never raises."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._process.wait()


def _environment() -> dict[str, str]:
    """What the process needs of ours: where libraries are, and no keys of model providers. Its
    hashes are fixed, so that whatever depends on the order of a set comes out the same."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    path = os.pathsep.join(entry for entry in sys.path if entry and Path(entry).is_dir())
    return {**kept, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "LANG": "C.UTF-8"}


def _missing(library: str) -> MissingError:
    return MissingError(f"answers cannot be compared without {library}: pip install 'ponder[math]'")


@dataclass
class _Crew:
    """The processes of a pool that have not been ended."""

    graders: set[Grader] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    owner: int = field(default_factory=os.getpid)
    closed: bool = False

    def hire(self, seconds: float, memory_bytes: int) -> Grader:
        with self.lock:
            if self.closed:
                raise BrokenGrader("the graders are closed")
            grader = Grader(seconds, memory_bytes)
            self.graders.add(grader)
            return grader

    def dismiss(self, grader: Grader) -> None:
        with self.lock:
            self.graders.discard(grader)
        grader.end()

    def close(self) -> None:
        if self.owner != os.getpid():
            return  # forked off: they are another's
        with self.lock:
            self.closed, graders = True, list(self.graders)
            self.graders.clear()
        for grader in graders:
            grader.end()


Jobs = queue.SimpleQueue[tuple[Question, Future[Judgement]] | None]
"""What is asked; None, when the pool is closed, stays in it for whoever looks next."""
CLOSED = Judgement(None, "the graders are closed")


def _finish(crew: _Crew, jobs: Jobs) -> None:
    crew.close()
    jobs.put(None)


def _drain(jobs: Jobs) -> None:
    """Answer what is left once the pool is closed."""
    with suppress(queue.Empty):
        while True:
            job = jobs.get_nowait()
            if job is not None and job[1].set_running_or_notify_cancel():
                job[1].set_result(CLOSED)
    jobs.put(None)


class GraderPool:
    """Answers questions on a few processes, which start when they are first needed and stay warm.

    Safe to use from several threads and event loops.

    Raises:
        InputError: a limit that cannot be.
    """

    def __init__(
        self, workers: int = 2, seconds: float = 5.0, memory_bytes: int = 512 * 2**20
    ) -> None:
        """`seconds` of CPU time and `memory_bytes` are what one comparison may take."""
        if workers < 1 or not 0 < seconds < float("inf") or memory_bytes < LEAST_MEMORY:
            raise InputError(
                "graders: workers must be at least 1, seconds positive, and memory_bytes at least "
                f"{LEAST_MEMORY >> 20} MiB"
            )
        self.workers, self.seconds, self.memory_bytes = workers, seconds, memory_bytes
        self._crew = _Crew()
        self._jobs: Jobs = queue.SimpleQueue()
        self._threads = 0
        self._lock = threading.Lock()
        # Runs when the pool is closed, forgotten, or the process exits, whichever comes first.
        self._finish = weakref.finalize(self, _finish, self._crew, self._jobs)

    def submit(self, question: Question) -> "Future[Judgement]":
        """Ask; the judgement comes in a future. What cannot be judged is a judgement, too.

        The future raises MissingError if a library is not installed.
        """
        future: Future[Judgement] = Future()
        self._jobs.put((question, future))
        if self._crew.closed:
            _drain(self._jobs)
            return future
        with self._lock:
            if self._threads < self.workers and self._jobs.qsize():
                self._threads += 1
                settings = (self._jobs, self._crew, self.seconds, self.memory_bytes)
                # A daemon is not waited for at exit: a comparison may take its time.
                threading.Thread(target=_serve, args=settings, name="grader", daemon=True).start()
        return future

    def close(self) -> None:
        """End the processes. What is being asked has no judgement, nor what is asked later.
        Idempotent."""
        self._finish()


def _serve(jobs: Jobs, crew: _Crew, seconds: float, memory_bytes: int) -> None:
    """What a thread does: keep one process, and ask it one question after another."""
    grader: Grader | None = None
    while (job := jobs.get()) is not None:
        question, future = job
        if not future.set_running_or_notify_cancel():
            continue
        try:
            judgement, grader = _judge(question, grader, crew, seconds, memory_bytes)
        except BaseException as error:  # noqa: BLE001  it is raised where it is awaited
            grader = None
            future.set_exception(error)
        else:
            future.set_result(judgement)
        del job, question, future  # or they live until the next is asked
    _drain(jobs)


def _judge(
    question: Question, grader: Grader | None, crew: _Crew, seconds: float, memory_bytes: int
) -> tuple[Judgement, Grader | None]:
    """The judgement, and the process that goes on."""
    why = ""
    for _ in range(ATTEMPTS):
        try:
            grader = grader or crew.hire(seconds, memory_bytes)
            judgement, tired = grader.ask(question)
        except OutOfTime:
            assert grader is not None
            crew.dismiss(grader)
            return Judgement(None, f"comparing them takes more than {seconds:g} seconds"), None
        except (BrokenGrader, OSError) as error:
            why = str(error)
        except BaseException:
            assert grader is not None
            crew.dismiss(grader)
            raise
        else:
            if tired:
                crew.dismiss(grader)
            return judgement, None if tired else grader
        if grader is not None:
            crew.dismiss(grader)
            grader = None
    return Judgement(None, f"the grader's process failed {ATTEMPTS} times: {why}"), None
