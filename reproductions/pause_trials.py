"""What pause_tokens.py tries, and what came of each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
    seconds: float
    """Of the processor, pretraining included where it was this trial's to do."""

    @property
    def name(self) -> str:
        """Which it is."""
        return named(self.size, self.pretraining, self.way, self.seed)


def named(size: int, pretraining: str, way: str, seed: int) -> str:
    """Which trial it is."""
    return f"{size} bits, {pretraining}, {way}, seed {seed}"


def read_trials(path: Path) -> Iterator[Trial]:
    """Those that are done."""
    for line in path.read_text().splitlines() if path.is_file() else ():
        held = json.loads(line)
        swept = {int(count): value for count, value in held["swept"].items()}
        yield Trial(**{**held, "accuracies": tuple(held["accuracies"]), "swept": swept})


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


def select(trials: Sequence[Trial], **wanted: Any) -> list[Trial]:
    """Those with such fields."""
    return [one for one in trials if all(getattr(one, n) == v for n, v in wanted.items())]
