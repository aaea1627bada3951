"""What recycling.py measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reproductions.curves import Array

Row = Mapping[str, Any]
"""Of a pair, as `ponder recycle` writes it."""


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    pairs: int = 210
    """Noisy ones, to be recycled."""
    held: int = 112
    """Clean ones, that students are measured on."""
    base: int = 900
    """Steps of the base's training."""
    steps: int = 40
    """Of each student's: three passes over the pairs."""
    seeds: int = 3


@dataclass(frozen=True)
class Arm:
    """Data to tune a student on: options of `reflect`, and the paper's judgement."""

    options: Mapping[str, Any]
    paper: float | None = None
    """How the paper's method does against it: 1 + (wins - losses) / 218 of WizardLM's instructions,
    GPT-4 judging (section 5.1)."""


ORIGINAL, CLEAN, SELECTED, AS_MANY = (
    "original", "right answers", "selected by both", "as many, reflected"
)  # fmt: skip
REFLECTED, RANDOM = "reflected, no selection", "random selection"
INSTRUCTIONS, RESPONSES = "instruction reflected", "response reflected"
REFLECTING: Mapping[str, Arm] = {
    INSTRUCTIONS: Arm({"instruction": "new", "response": "old", "filter": False}, 1.546),
    RESPONSES: Arm({"instruction": "old", "response": "new", "filter": False}, 1.087),
    REFLECTED: Arm({"instruction": "new", "response": "new", "filter": False}, 1.069),
    RANDOM: Arm({"instruction": "random", "response": "random", "filter": False}, 1.174),
    "selected by IFD": Arm({"instruction": "student", "response": "new", "filter": False}, 1.023),
    "selected by r-IFD": Arm({"instruction": "new", "response": "student", "filter": False}, 1.119),
    "both, without the filter": Arm({"filter": False}),
    SELECTED: Arm({}),
}
"""In an order in which the teacher reads each beginning of its prompts once. All that need no
student come first."""
NAMES = (ORIGINAL, *REFLECTING, AS_MANY, CLEAN)


@dataclass(frozen=True)
class Measured:
    """Of one student, an entry a held-out pair."""

    pairs: int
    """That it was tuned on."""
    loss: Array
    """Of the reference answers, in nats a token."""
    styled: Array
    """Of the teacher's right answers."""
    right: Array
    """Whether what it writes says what has to be said."""


@dataclass
class Results:
    """Students by arm, one a seed; and the pairs on their way."""

    scale: Scale
    teacher: str
    students: dict[str, list[Measured]] = field(default_factory=dict)
    base: Measured | None = None
    """Of the base, which was not tuned."""
    stages: dict[str, Sequence[Row]] = field(default_factory=dict)
    """The rows of each arm's first seed."""
    noise: Sequence[str] = ()
    """Of each original pair, what is wrong with it."""
    was_right: Sequence[bool] = ()
    sound: dict[str, Sequence[bool]] = field(default_factory=dict)
    """By arm, of each pair to tune on that has its own instruction still: whether its answer says
    what it has to. What is right after a new instruction no program knows."""
    made_right: Sequence[bool] = ()
    """Whether its answer says what it has to: before, and after the response was reflected on."""
    facts: dict[str, float] = field(default_factory=dict)
