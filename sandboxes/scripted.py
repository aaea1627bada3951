"""A sandbox that runs nothing: for tests, examples and benchmarks of real loops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .base import Execution, Limits, Outcome, Program


@dataclass
class ScriptedSandbox:
    """Answers by `script(program, input)`: a value the program is said to return, or an Outcome.

    Checkers by `check_script(program, checker)`: an Outcome; without one, they all pass.
    """

    script: Callable[[Program, Any], Any]
    check_script: Callable[[Program, str], Outcome] | None = None
    name: str = "scripted"
    is_boundary: bool = True
    programs: list[Program] = field(default_factory=list)
    """Every program it was given, in order."""

    async def start(self) -> None:
        """See `Sandbox.start`."""

    async def run(
        self, program: Program, inputs: Sequence[Any], limits: Limits | None = None
    ) -> Execution:
        """See `Sandbox.run`."""
        self.programs.append(program)
        said = [self.script(program, given) for given in inputs]
        return Execution(
            tuple(one if isinstance(one, Outcome) else Outcome("value", one) for one in said)
        )

    async def check(
        self, program: Program, checker: str, limits: Limits | None = None
    ) -> Execution:
        """See `Sandbox.check`."""
        self.programs.append(program)
        return Execution(
            (self.check_script(program, checker) if self.check_script else Outcome("value"),)
        )

    def close(self) -> None:
        """See `Sandbox.close`."""
