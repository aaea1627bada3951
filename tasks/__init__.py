"""What is asked: tasks, datasets, and how answers are compared."""

from .code_task import CodeTask, Comparison, Key, LoadedTask, Test

__all__ = ["CodeTask", "Comparison", "Key", "LoadedTask", "Test"]
