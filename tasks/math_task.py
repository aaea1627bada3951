"""What is asked: a question with one final answer, and (apart from it) that answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Grading = Literal["math-verify", "prm800k"]


@dataclass(frozen=True, slots=True)
class MathTask:
    """A question as a model may see it. It is answered in words that end in a final answer."""

    id: str
    question: str


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What decides the grade of a `MathTask`. Host only."""

    task_id: str
    answer: str
    """The gold answer, as the data set writes it (without "#### " or \\boxed)."""
    grading: Grading = "math-verify"
    """By whose rules an answer is equal to it."""
    solution: str = ""
    """A worked solution, where the data set has one."""


def text_field(row: Mapping[str, Any], name: str) -> str:
    """A field of a data set's row, without the white space around it.

    Raises:
        KeyError: it is missing.
        ValueError: it is no text, or empty.
    """
    value = row[name]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"`{name}` must be text, not {str(value)[:60]!r}")
    return value.strip()
