"""Worked solutions with what is known of them: the one schema that labels are written in, and that
reward models are fitted to and measured on.

One JSON object a line (or a row of Parquet):

    {"prompt": "What is 1 + 1?", "completions": ["1 + 1 = 2.", "# Answer\\n\\n2"],
     "labels": [1.0, 0.9375], "answer": "2", "correct": true, "id": "sum/1"}

`prompt` and `completions` (the steps, in order) must be there; they and `labels` are the columns of
TRL's PRM data ("stepwise supervision"), so its files are read as they are.

* `labels`: one a step, or null for a step that nobody labelled (it takes no part in the loss). Of
  one kind throughout a row: true/false or a number from 0 to 1 is the probability that the step is
  right (hard, or soft); "positive", "neutral", "negative" are the classes of 2305.20050.
* `correct`: whether the final answer is right; what outcome models are fitted to, and what
  best-of-n is measured by.
* `answer`: the final answer. `id`: the question's; rows of one question are never divided between
  fitting and validation. The prompt stands in where there is none.

Further columns are let through unread.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..tasks import read_rows
from ..verifiers.prm.readout import Label
from .bad import Bad

Target = float | Label | None
"""What a step is labelled: p(right), a class, or nothing."""
Need = Literal["labels", "correct"]
CLASSES: tuple[Label, ...] = ("positive", "neutral", "negative")


@dataclass(frozen=True, slots=True)
class Example:
    """A worked solution."""

    prompt: str
    steps: tuple[str, ...]
    labels: tuple[Target, ...] = ()
    """One a step, or none at all."""
    correct: bool | None = None
    answer: str | None = None
    id: str = ""
    where: str = ""
    """File and line, for messages."""

    @property
    def question(self) -> str:
        """What rows of one question share."""
        return self.id or self.prompt


class Unfit(ValueError):
    """A row's reason to be left out, and what only this row has of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def read_examples(
    path: Path, bad: Bad | None = None, *, need: Need | None = None
) -> Iterator[Example]:
    """The rows of a file (.jsonl, .jsonl.gz, .json or .parquet), one at a time.

    Raises:
        InputError: there is no such file, it is no JSON, or (unless `bad` skips) a row is bad.
    """
    bad = bad or Bad()
    for row, where in read_rows(path):
        try:
            yield from_row(row, where, need)
        except Unfit as unfit:
            bad.row(where, unfit.reason, unfit.detail)


def from_row(row: Any, where: str = "", need: Need | None = None) -> Example:
    """A row as an example.

    Raises:
        ValueError: it is bad.
    """
    if not isinstance(row, Mapping):
        raise Unfit("not an object")
    steps = _steps(row.get("completions"))
    example = Example(
        _text(row, "prompt"),
        steps,
        _labels(row.get("labels"), len(steps)),
        _correct(row.get("correct")),
        _optional(row, "answer"),
        _optional(row, "id") or "",
        where,
    )
    if need == "labels" and all(label is None for label in example.labels):
        raise Unfit("no step has a label")
    if need == "correct" and example.correct is None:
        raise Unfit("it has no `correct` (true or false)")
    return example


def to_row(example: Example) -> dict[str, Any]:
    """An example as its row."""
    row: dict[str, Any] = {"prompt": example.prompt, "completions": list(example.steps)}
    if example.labels:
        row["labels"] = list(example.labels)
    given = {"answer": example.answer, "correct": example.correct, "id": example.id or None}
    return row | {name: value for name, value in given.items() if value is not None}


def by_question(examples: Iterable[Example]) -> dict[str, list[Example]]:
    """The examples of each question, both in their order."""
    found: dict[str, list[Example]] = {}
    for example in examples:
        found.setdefault(example.question, []).append(example)
    return found


def _steps(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(step, str) for step in value):
        raise Unfit("`completions` must be a list of texts, the steps")
    if not value:
        raise Unfit("the solution is empty: `completions` has no step")
    for number, step in enumerate(value, 1):
        if not step.strip():
            raise Unfit("a step is empty", f"step {number} of {len(value)}")
    return tuple(value)


def _labels(value: Any, steps: int) -> tuple[Target, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Unfit("`labels` must be a list, one label a step")
    if len(value) != steps:
        raise Unfit("as many labels as steps must be", f"{len(value)} labels of {steps} steps")
    labels = tuple(_label(label, number) for number, label in enumerate(value, 1))
    if len({isinstance(label, str) for label in labels if label is not None}) > 1:
        raise Unfit("labels are numbers in one step and classes in another")
    return labels


def _label(value: Any, number: int) -> Target:
    if value is None or (isinstance(value, str) and value in CLASSES):
        return value
    if isinstance(value, bool | int | float) and 0 <= value <= 1:  # which NaN is not
        return float(value)
    raise Unfit(
        "a label must be true, false, a number from 0 to 1, positive, neutral, negative or null",
        f"step {number} has {str(value)[:40]!r}",
    )


def _correct(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise Unfit("`correct` must be true or false", f"not {str(value)[:40]!r}")


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Unfit(f"`{name}` must be text, and not empty")
    return value


def _optional(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Unfit(f"`{name}` must be text")
