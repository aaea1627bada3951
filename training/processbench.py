"""ProcessBench's rows (Qwen/ProcessBench on the hub; Zheng et al., 2412.06559) as examples.

A row has `problem`, `steps`, and `label`: the index of the first wrong step, or -1. As labels:
right before it, wrong there, and nothing after, since what follows an error was not judged.
"""

from collections.abc import Mapping
from typing import Any

from .examples import Unfit

OURS = {"problem", "steps", "label", "final_answer_correct"}


def as_example(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row in our schema, its other fields as they are; any other row as it is.

    Raises:
        ValueError: it is ProcessBench's, and its label is none.
    """
    if "completions" in row or not {"problem", "steps", "label"} <= row.keys():
        return row
    steps, wrong = row["steps"], row["label"]
    count = len(steps) if isinstance(steps, list) else 0
    if type(wrong) is not int or not -1 <= wrong < count:
        raise Unfit("`label` must be a step's index, or -1", f"not {str(wrong)[:40]!r}")
    labels = [1.0] * count if wrong == -1 else [*[1.0] * wrong, 0.0, *[None] * (count - wrong - 1)]
    made = {"prompt": row["problem"], "completions": steps, "labels": labels}
    if isinstance(row.get("final_answer_correct"), bool):
        made["correct"] = row["final_answer_correct"]
    return {**made, **{name: value for name, value in row.items() if name not in OURS}}
