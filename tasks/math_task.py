"""What is asked: a question with one final answer, and (apart from it) that answer."""

from dataclasses import dataclass
from typing import Literal

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
