"""A worked solution as its steps."""

import re
from typing import Literal

from ..tasks import CodeTask, MathTask, Task

Splitting = Literal["auto", "blank", "line"]


def split_steps(text: str, how: Splitting | str = "auto") -> list[str]:
    """The steps of a solution, in order, none of them empty.

    "blank": they are apart by blank lines; "line": each line is one (as in PRM800K); "auto": blank
    lines, or lines if there is no blank one; anything else is itself the separator. What stands
    behind the last separator, if nothing, is no step.
    """
    if how == "auto":
        pieces = re.split(r"\n\s*\n", text.strip())
        pieces = pieces if len(pieces) > 1 else text.split("\n")
    elif how == "blank":
        pieces = re.split(r"\n\s*\n", text)
    else:
        pieces = text.split("\n" if how == "line" else how)
    return [piece.strip("\n") for piece in pieces if piece.strip()]


def problem_of(task: Task) -> str:
    """What a task asks, in words."""
    if isinstance(task, CodeTask):
        return task.statement
    if isinstance(task, MathTask):
        return task.question
    return f"{task.instruction}\n{task.input}" if task.input else task.instruction
