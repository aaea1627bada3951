"""ProcessBench's rows (Qwen/ProcessBench on the hub; Zheng et al., 2412.06559) as examples.

A row has `problem`, `steps`, and `label`: the index of the first wrong step, or -1. As labels:
right before it, wrong there, and nothing after, since what follows an error was not judged.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..tasks import read_rows
from .bad import Bad
from .examples import Example, Unfit, from_row

NEEDED = frozenset({"problem", "steps", "label"})
OURS = NEEDED | {"final_answer_correct"}


def read_processbench(path: Path, bad: Bad | None = None) -> Iterator[tuple[Example, int]]:
    """Each solution with the index of its first wrong step, from 0, or -1 if there is none.

    Raises:
        InputError: there is no such file, it is no JSON, or (unless `bad` skips) a row is bad.
    """
    bad = bad or Bad()
    for row, where in read_rows(path):
        try:
            if not isinstance(row, Mapping) or not row.keys() >= NEEDED:
                raise Unfit("a row has `problem`, `steps` and `label`")
            example = from_row(as_example(row), where, "labels")
        except Unfit as unfit:
            bad.row(where, unfit.reason, unfit.detail)
        else:
            yield example, next((n for n, label in enumerate(example.labels) if label == 0), -1)


def as_example(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row in our schema, its other fields as they are; any other row as it is.

    Raises:
        ValueError: it is ProcessBench's, and its label is none.
    """
    if "completions" in row or not row.keys() >= NEEDED:
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
