"""What pause_tokens.py tries, and what came of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reproductions.parity import DOT, Way

PRETRAININGS = ("StdPT", "PausePT")


@dataclass(frozen=True, slots=True)
class Trial:
    """One finetuning."""

    size: int
    """Bits of a task."""
    pretraining: str
    way: str
    seed: int
    solved: int | None
    accuracy: float
    accuracies: tuple[float, ...]
    swept: Mapping[int, float]


def ways(bits: int) -> dict[str, Way]:
    """Every finetuning, by its name in the report."""
    return {
        "StdFT": Way(),
        "PauseFT": Way(bits),
        f"M = {bits // 3}": Way(bits // 3),
        f"M = {bits // 2}": Way(bits // 2),
        f"M = {2 * bits}": Way(2 * bits),
        "frozen '.'": Way(bits, DOT, frozen=True),
        "hints at pauses": Way(bits, hints="pauses"),
        "hints, no pauses": Way(0, hints="last"),
    }


FOUR = ("StdFT", "PauseFT")
"""The table of the paper; the rest are controls."""


def select(trials: list[Trial], **wanted: Any) -> list[Trial]:
    """Those with such fields."""
    return [one for one in trials if all(getattr(one, n) == v for n, v in wanted.items())]
