"""A sandbox that runs nothing: for tests, examples and benchmarks of real loops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .base import Execution, Limits, Outcome, Program


@dataclass
class ScriptedSandbox:
    """Answers by `script(program, input)`: a value the program is said to return, or an Outcome."""

    script: Callable[[Program, Any], Any]
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

    def close(self) -> None:
        """See `Sandbox.close`."""
