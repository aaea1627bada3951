"""GSM8K rows (openai/grade-school-math) as tasks.

A row is a `question` and an `answer` that ends in "#### N". It has no id of its own: it goes by its
place in its file, counted from 0, as in `gsm8k:12`.
"""

from collections.abc import Mapping
from typing import Any

from .code_task import LoadedTask
from .math_task import AnswerKey, MathTask, text_field


def gsm8k_task(row: Mapping[str, Any]) -> LoadedTask[MathTask, AnswerKey]:
    """The task and key of a row, whose place is its "task_id".

    The solution is as the data set has it, calculator annotations (<<48/2=24>>) and all.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    id = f"gsm8k/{row['task_id']}"
    solution, mark, answer = text_field(row, "answer").rpartition("####")
    if not mark or not answer.strip():
        raise ValueError("`answer` does not end in '#### ' and a number")
    task = MathTask(id, text_field(row, "question"))
    return LoadedTask(task, AnswerKey(id, answer.strip(), solution=solution.strip()))
