"""MATH rows, as prm800k's `math_splits` and MATH-500 have them, as tasks.

A row is `problem, solution, answer, subject, level, unique_id`; its id is its `unique_id`, as in
`math-500:test/precalculus/807.json`.
"""

from collections.abc import Mapping
from typing import Any

from .code_task import LoadedTask
from .math_task import AnswerKey, MathTask, text_field


def math_task(row: Mapping[str, Any]) -> LoadedTask[MathTask, AnswerKey]:
    """The task and key of a row.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    id = text_field(row, "unique_id")
    task = MathTask(id, text_field(row, "problem"))
    key = AnswerKey(id, text_field(row, "answer"), solution=text_field(row, "solution"))
    return LoadedTask(task, key)
