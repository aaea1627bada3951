"""A task as JSON-able data, and back, for the store."""

from dataclasses import asdict
from typing import Any

from .code_task import CodeTask, Comparison, Task, Test
from .instruction import InstructionTask
from .limits import Limits
from .math_task import MathTask
from .values import from_json, to_json


def task_to_json(task: Task) -> dict[str, Any]:
    """Everything about the task; its key is not part of it."""
    if isinstance(task, MathTask | InstructionTask):
        return asdict(task)
    tests = [[to_json(test.input), to_json(test.expected)] for test in task.public_tests]
    data = {
        "id": task.id,
        "statement": task.statement,
        "starter_code": task.starter_code,
        "entry_point": task.entry_point,
        "public_tests": tests,
        "comparison": asdict(task.comparison),
        "limits": asdict(task.limits) if task.limits else None,
    }
    # Left out where there is none, so that the tasks of earlier stores are still the same.
    return {**data, "header": task.header} if task.header else data


def task_from_json(data: dict[str, Any]) -> Task:
    """The inverse of `task_to_json`. A mapping with a `question` is a `MathTask`, one with an
    `instruction` an `InstructionTask`."""
    if "question" in data:
        return MathTask(**data)
    if "instruction" in data:
        return InstructionTask(**data)
    tests = tuple(Test(from_json(given), from_json(out)) for given, out in data["public_tests"])
    limits = data.get("limits")
    return CodeTask(
        **{
            **data,
            "public_tests": tests,
            "comparison": Comparison(**data["comparison"]),
            "limits": Limits(**limits) if limits else None,
        }
    )
