"""What verify_step_by_step.py measures."""

from dataclasses import dataclass, field

from ponder.training import DataEfficiency, Run
from reproductions.curves import Array

NS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    steps: int = 700
    """Of the generator's training."""
    tested: int = 150
    """Questions that accuracy is measured on, with max(NS) samples each."""
    large: int = 1000
    """Questions for the large process model."""
    process: int = 3
    """Solutions of each of those, with true labels."""
    many: int = 800
    """Questions for outcome models, and for the three kinds of supervision."""
    outcome: int = 8
    """Solutions of each of those."""
    supervised: tuple[int, ...] = (1, 4)
    """How many of those are labelled in three ways."""
    taught: int = 40
    """Questions for active learning."""
    pool: int = 128
    """Samples of each of those."""
    each: tuple[int, ...] = (1, 2, 4, 6)
    """How many of those are labelled."""
    seeds: int = 3


@dataclass
class Results:
    """Accuracies, by what was fitted: seeds × questions × numbers of samples (`NS`)."""

    scale: Scale
    curves: dict[str, list[Array]] = field(default_factory=dict)
    """Of experiment 1."""
    sweeps: dict[str, dict[int, list[Array]]] = field(default_factory=dict)
    """Of experiments 2 and 3, by what was done and labelled solutions a question."""
    labelled: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    """How many solutions that really were."""
    facts: dict[str, float] = field(default_factory=dict)
    efficiency: DataEfficiency | None = None


def runs_of(results: Results, arm: str) -> list[Run]:
    """Of every fit of an arm: labelled solutions, and the accuracy at the largest n."""
    return [
        Run(samples, float(found[:, -1].mean()))
        for each, curves in results.sweeps[arm].items()
        for samples, found in zip(results.labelled[arm][each], curves, strict=True)
    ]
