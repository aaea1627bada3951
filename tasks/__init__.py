"""What is asked: tasks, datasets, and how answers are compared."""

from .answers import same
from .as_json import task_from_json, task_to_json
from .code_task import CodeTask, Comparison, Key, LoadedTask, Task, Test
from .completions import completion_of
from .datasets import load_dataset, load_labels, load_task, task_from_statement
from .equivalence import classes, equivalent
from .files import task_from_data
from .final_answer import final_answer
from .grader_pool import GraderPool
from .inputs import generate_inputs
from .instruction import InstructionTask
from .limits import Limits
from .math_task import AnswerKey, MathTask
from .oracles import right
from .plus import with_expected
from .prm800k import LabelledSolution, LabelledStep, RatedCompletion
from .rows import read_rows
from .selection import select
from .stdout import same_stdout

__all__ = [
    "AnswerKey",
    "CodeTask",
    "Comparison",
    "GraderPool",
    "InstructionTask",
    "Key",
    "LabelledSolution",
    "LabelledStep",
    "Limits",
    "LoadedTask",
    "MathTask",
    "RatedCompletion",
    "Task",
    "Test",
    "classes",
    "completion_of",
    "equivalent",
    "final_answer",
    "generate_inputs",
    "load_dataset",
    "load_labels",
    "load_task",
    "read_rows",
    "right",
    "same",
    "same_stdout",
    "select",
    "task_from_data",
    "task_from_json",
    "task_from_statement",
    "task_to_json",
    "with_expected",
]
