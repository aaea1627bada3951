"""Graders: processes that compare two answers, with a hard limit on what one comparison may take.

What hangs or eats memory is killed with its process, which is replaced. Not tied to an event loop:
one thread a process talks to it, since that blocks. The threads are daemons, and whatever they have
started is ended when the pool is closed, forgotten, or the interpreter exits.
"""

import os
import queue
import threading
import weakref
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from .grader_process import BrokenGrader, Grader, Judgement, OutOfTime, Question

ATTEMPTS = 2
"""Processes that a comparison is given if something else ends them."""
LEAST_MEMORY = 128 * 2**20
"""Bytes with which sympy starts at all."""


@dataclass
class _Crew:
    """The processes of a pool that have not been ended."""

    graders: set[Grader] = field(default_factory=set)
    lock: Any = field(default_factory=threading.RLock)
    """Re-entrant: a pool may be forgotten, and so closed, by a thread that has it."""
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
            grader.kill()  # its thread lets go of the rest


Judgements = tuple[Judgement, ...]
Jobs = queue.SimpleQueue[tuple[Question, Future[Judgements]] | None]
"""What is asked; None, when the pool is closed, stays in it for whoever looks next."""
CLOSED = "the graders are closed"


def _finish(crew: _Crew, jobs: Jobs) -> None:
    crew.close()
    jobs.put(None)


def _drain(jobs: Jobs) -> None:
    """Answer what is left once the pool is closed."""
    with suppress(queue.Empty):
        while True:
            job = jobs.get_nowait()
            if job is not None and job[1].set_running_or_notify_cancel():
                job[1].set_result(job[0].all(CLOSED))
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

    def submit(self, question: Question) -> Future[Judgements]:
        """Ask; a judgement for each gold, up to the first that is equal, comes in a future. What
        cannot be judged is a judgement, too; if a process was lost, all of the question's are so.

        The future raises MissingError if a library is not installed.
        """
        future: Future[Judgements] = Future()
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
            judgements, grader = _judge(question, grader, crew, seconds, memory_bytes)
        except BaseException as error:  # noqa: BLE001  it is raised where it is awaited
            grader = None
            future.set_exception(error)
        else:
            future.set_result(judgements)
        del job, question, future  # or they live until the next is asked
    if grader is not None:
        crew.dismiss(grader)
    _drain(jobs)


def _judge(
    question: Question, grader: Grader | None, crew: _Crew, seconds: float, memory_bytes: int
) -> tuple[Judgements, Grader | None]:
    """The judgements, and the process that goes on."""
    why = ""
    for _ in range(ATTEMPTS):
        try:
            grader = grader or crew.hire(seconds, memory_bytes)
            judgements, tired = grader.ask(question)
        except (BrokenGrader, OSError) as error:
            why = str(error)
            if grader is not None:
                crew.dismiss(grader)
            grader = None
            if isinstance(error, OutOfTime):
                return question.all(f"comparing them takes more than {seconds:g} seconds"), None
        except BaseException:
            if grader is not None:
                crew.dismiss(grader)
            raise
        else:
            if tired:
                crew.dismiss(grader)
            return judgements, None if tired else grader
    return question.all(f"the grader's process failed {ATTEMPTS} times: {why}"), None
