"""Examples as rows of TRL's PRM data ("stepwise supervision"), and back.

TRL's rows have `prompt`, `completions` and `labels`, which are true or false, or numbers. What that
cannot say:

* classes: neutral has to become right or wrong, by a rule that must be given;
* a step without a label: steps behind the last label are cut off, and a row with one before it is
  refused;
* soft labels are written as they are, but TRL's PRMTrainer rounds them down, all below 1 to 0.

Whatever else an example has (`answer`, `correct`, `id`) is kept in columns of its own, which TRL
does not read. The way back is `read_examples`: where there were no classes and no gaps, it gives
the same examples.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from .bad import Bad
from .examples import Example, Target, to_row

Neutral = Literal["positive", "negative"]


def to_trl(example: Example, neutral: Neutral | None = None) -> dict[str, Any]:
    """An example as TRL's row. Labels that are all 0 or 1 become false and true.

    Raises:
        ValueError: it says something that TRL's rows cannot.
    """
    end = len(example.labels)
    while end and example.labels[end - 1] is None:
        end -= 1
    if not end:
        raise ValueError("no step has a label")
    numbers = [_number(label, neutral) for label in example.labels[:end]]
    hard = all(number in (0, 1) for number in numbers)
    row = to_row(example)
    row["completions"] = list(example.steps[:end])
    row["labels"] = [number == 1 for number in numbers] if hard else numbers
    return row


def all_to_trl(
    examples: Iterable[Example],
    neutral: Neutral | None = None,
    *,
    bad: Bad | None = None,
    lost: Counter[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Many, and in `lost` how many rows lost what.

    Raises:
        InputError: a row says something that TRL's cannot (unless `bad` skips it).
    """
    bad, lost = bad or Bad(), Counter() if lost is None else lost
    for example in examples:
        try:
            row = to_trl(example, neutral)
        except ValueError as error:
            bad.row(example.where, str(error))
            continue
        if "neutral" in example.labels:
            lost[f"neutral has become {neutral}"] += 1
        if len(row["completions"]) < len(example.steps):
            lost["the steps behind the last label are cut off"] += 1
        if not isinstance(row["labels"][0], bool):
            lost["labels are soft, and TRL's PRMTrainer makes 0 of all below 1"] += 1
        yield row


def _number(label: Target, neutral: Neutral | None) -> float:
    if label is None:
        raise ValueError("a step before the last label has none, which TRL's rows cannot say")
    if label == "neutral":
        if neutral is None:
            raise ValueError(
                "labels are classes: say whether neutral is positive or negative (--neutral)"
            )
        label = neutral
    return label if isinstance(label, float) else float(label == "positive")
