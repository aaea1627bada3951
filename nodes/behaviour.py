"""What a program does on given inputs, as texts that are equal where the task takes it to be the
same."""

from collections.abc import Sequence
from typing import Any

from ..sandboxes.base import Limits, Outcome, Program, Sandbox
from ..tasks import CodeTask, Comparison
from ..tasks.identity import identity

FAILED = "!"
"""What the text of an ending without a value begins with."""


async def behaviour(
    sandbox: Sandbox, task: CodeTask, code: str, inputs: Sequence[Any]
) -> list[str]:
    """A text for each input.

    Raises:
        SandboxError: the sandbox failed.
    """
    program = Program.answering(task, code)
    execution = await sandbox.run(program, inputs, task.limits or Limits())
    return [shown(outcome, task.comparison) for outcome in execution.outcomes]


def shown(outcome: Outcome, how: Comparison) -> str:
    """The same text for what the task takes to be the same."""
    if outcome.ended != "value":
        return f"{FAILED}{outcome.ended}"
    return f"{identity(outcome.value, how)}\n{outcome.stdout.rstrip()}"


def answers(texts: Sequence[str]) -> bool:
    """Whether a program does anything but fail."""
    return any(not text.startswith(FAILED) for text in texts)
