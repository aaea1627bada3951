"""What compute_optimal.py measures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ponder.evals.optimal import Efficiency, Optimal, Outcome

BASELINE = "best-of-n"
SEARCHES = ("beam-sqrt", "beam-4", "lookahead-1-sqrt", "lookahead-3-sqrt")
BINS = 5


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    steps: int = 700
    """Of the generator's training."""
    tested: int = 100
    """Questions that strategies are tried on."""
    budgets: tuple[int, ...] = (4, 16, 64)
    most: int = 256
    """Samples of a question for the curve of best-of-n."""
    trials: tuple[int, ...] = (2, 2, 1)
    """Of each search with each budget and seed."""
    difficulty: int = 128
    """Further samples of a question, for its difficulty."""
    taught: int = 250
    """Questions whose solutions are labelled by rollouts."""
    samples: int = 8
    """Solutions of each of those."""
    rollouts: int = 8
    """From every line of those."""
    epochs: int = 4
    """Of the reward model's fit to them."""
    null: int = 16
    """The budget of the test with a verifier that knows nothing."""
    seeds: int = 3
    null_trials: int = 12
    """Of each search with the verifier that knows nothing."""


@dataclass
class Results:
    """What came of it."""

    scale: Scale
    truth: bool = False
    """Whether the reward model learnt true labels, rather than shares of rollouts."""
    bins: dict[str, int] = field(default_factory=dict)
    """By question; 1 is the easiest."""
    predicted: dict[str, int] = field(default_factory=dict)
    """Likewise, by the reward model's scores."""
    seeds: list[list[Outcome]] = field(default_factory=list)
    """By seed."""
    null: list[Outcome] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    optimal: dict[int, Optimal] = field(default_factory=dict)
    """By budget, with bins by true difficulty."""
    by_prediction: dict[int, Optimal] = field(default_factory=dict)
    nothing: Optimal | None = None
    """With a verifier that knows nothing."""
    worth: dict[int, Efficiency] = field(default_factory=dict)
    """Of the compute-optimal choice, by budget."""


def mean_of(outcomes: Sequence[Outcome], strategy: str, budget: int) -> float | None:
    """The accuracy of a strategy, over all its questions; None where it was not tried."""
    found = [
        one.accuracy
        for one in outcomes
        if (one.strategy, one.budget) == (strategy, budget) and one.accuracy is not None
    ]
    return sum(found) / len(found) if found else None
