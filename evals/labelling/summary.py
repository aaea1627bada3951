"""What has been labelled so far."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...models.base import Usage
from ...training import read_examples
from ..folder import read_results
from .folder import LABELS


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """The folder's rows, counted."""

    questions: int
    rows: int
    correct: int
    """Rows whose final answer is right."""
    steps: int
    labels: int
    """Steps that have one."""
    mean: float | None
    """Of the labels; None if there are none."""
    left_out: Mapping[str, int]
    """Solutions without a row, by why."""
    usage: Usage

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The same for a human."""
        mean = "" if self.mean is None else f", mean {self.mean:.3f}"
        cost = "price unknown" if self.usage.cost is None else f"${self.usage.cost:.2f}"
        return [
            f"{_count(self.rows, 'solution')} of {_count(self.questions, 'question')}, "
            f"{self.correct} right",
            f"{_count(self.labels, 'label')} on {_count(self.steps, 'step')}{mean}",
            *(f"left out       {count}: {why}" for why, count in self.left_out.items()),
            f"{_count(self.usage.calls, 'call')}, {self.usage.tokens:,} tokens, {cost}",
        ]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def summarise_labels(path: Path) -> LabelSummary:
    """Count what the folder has.

    Raises:
        InputError: a file of it cannot be read.
    """
    left_out = Counter[str]()
    usage, questions = Usage(), 0
    for result in read_results(path):
        if result.error is None:
            questions += 1
            usage += result.usage
            left_out.update(result.left_out)
    rows = correct = steps = 0
    found: list[float] = []
    for example in read_examples(path / LABELS):
        rows, correct, steps = rows + 1, correct + bool(example.correct), steps + len(example.steps)
        found += [label for label in example.labels if isinstance(label, float)]
    mean = sum(found) / len(found) if found else None
    why = dict(sorted(left_out.items()))
    return LabelSummary(questions, rows, correct, steps, len(found), mean, why, usage)
