"""Where programs run: the Sandbox protocol and what it trades in.

Data in, data out, never a verdict: a sandbox says what a program returned, and the host decides
what that is worth (verifiers/). Expected values never enter a sandbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from ..tasks.code_task import CodeTask
from ..tasks.limits import Limits

__all__ = ["Ended", "Execution", "Limits", "Outcome", "Program", "Sandbox"]

Ended = Literal[
    "value",  # returned (call), or exited with status 0 (stdin)
    "exception",  # raised, or exited with another status; `error` holds the last line
    "syntax_error",  # does not compile
    "load_error",  # raised while the module was loaded, before any input
    "no_result",  # the process ended before this input had a result
    "bad_result",  # the result cannot be expressed as data, or is malformed
    "time_limit",
    "memory_limit",
    "output_limit",
    "crash",  # killed by a signal that was not ours
    "forbidden",  # the sandbox denied something the program tried
]


@dataclass(frozen=True, slots=True)
class Program:
    """Model-written source. With an `entry_point`, inputs are argument tuples for that function
    (a method of `Solution` if the module defines no such function but that class does); without
    one, each input is the text of standard input of a fresh `__main__`.

    An entry point `Solution.f` is the method of an instance of that class, made without arguments
    and shared by all inputs; or the function `f` if the module has no such class."""

    code: str
    entry_point: str | None = None
    header: str = ""
    """Source that is executed first, in the same module."""

    @classmethod
    def answering(cls, task: CodeTask, code: str) -> "Program":
        """The program that a model wrote for a task."""
        return cls(code, task.entry_point, task.header)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input."""

    ended: Ended
    value: Any = None
    """The decoded return value, when `ended` is "value" and inputs are calls."""
    stdout: str = ""
    error: str = ""
    """One line for a human (and for a model that repairs its code): exception type and message."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What became of one program: an outcome for every input, in their order."""

    outcomes: tuple[Outcome, ...]
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    image: str = ""
    """Digest of the image it ran in; empty where there is none."""


@runtime_checkable
class Sandbox(Protocol):
    """Runs programs nobody has read."""

    @property
    def name(self) -> str:
        """What a user calls it: "docker", "subprocess"."""

    @property
    def is_boundary(self) -> bool:
        """Whether a hostile program is kept in. False must be asked for by name."""

    async def start(self) -> None:
        """Make it ready (idempotent; `run` calls it).

        Raises:
            MissingError: the machine lacks what this sandbox needs; the message says how to get it.
        """

    async def run(
        self,
        program: Program,
        inputs: Sequence[Any],
        limits: Limits = Limits(),  # noqa: B008  frozen
    ) -> Execution:
        """Run `program` on every input. `len(result.outcomes) == len(inputs)` always.

        Raises:
            SandboxError: the sandbox itself failed, twice, on fresh workers.
        """

    async def check(
        self,
        program: Program,
        checker: str,
        limits: Limits = Limits(),  # noqa: B008  frozen
    ) -> Execution:
        """Run `checker`, source that calls the program's function by name through a proxy, in a
        process of its own; expected values never share the program's process.

        Exactly one outcome: "value" when the checker ran to its end; "exception" when it failed,
        with its last line ("AssertionError: …") as the error; the program's own ending, such as
        "time_limit", when that is why.

        Raises:
            SandboxError: as `run`.
        """

    def close(self) -> None:
        """Stop and remove everything this sandbox started. Synchronous, idempotent."""
