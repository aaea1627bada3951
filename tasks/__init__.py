"""What is asked: tasks, datasets, and how answers are compared."""

from .answers import same, same_stdout
from .as_json import task_from_json, task_to_json
from .code_task import CodeTask, Comparison, Key, LoadedTask, Test
from .inputs import generate_inputs

__all__ = [
    "CodeTask",
    "Comparison",
    "Key",
    "LoadedTask",
    "Test",
    "generate_inputs",
    "same",
    "same_stdout",
    "task_from_json",
    "task_to_json",
]
