"""Questions whose answers are coins: how likely each is right is known, and a verifier's scores are
that of each answer with noise."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ponder.evals.optimal import Table, quantile_bins
from ponder.nodes.policy import Bins

STRATEGIES = ("best-of-n", "beam-4", "revisions-8")


@dataclass(frozen=True)
class World:
    """Questions with what is true of them, and what a sweep sees."""

    table: Table
    truth: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    """Questions × strategies: how likely each is right."""
    pass_at_1: Mapping[str, float]
    predicted: Mapping[str, float]

    @property
    def bins(self) -> Mapping[str, int]:
        """By a verifier's mean score."""
        return quantile_bins(self.predicted).of

    @property
    def thresholds(self) -> Bins:
        """Between them."""
        return quantile_bins(self.predicted).bins


def world(
    seed: int,
    questions: int = 200,
    *,
    effect: float = 0.25,
    strategies: int = len(STRATEGIES),
    trials: int = 1,
    samples: int = 64,
    noise: float = 0.2,
) -> World:
    """The second strategy is better than the first on hard questions and worse on easy ones by
    `effect`, the third the other way round, but for the hardest, which none solves; others are the
    first again. With no effect, they differ by noise alone."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0, 1, questions)
    base = 0.1 + 0.8 * p
    tilt = effect * (1 - 2 * p)
    columns = [base, base + tilt, base - tilt][:strategies]
    columns += [base] * (strategies - len(columns))
    truth = np.clip(np.stack(columns, axis=1), 0, 1)
    names = [f"q{i}" for i in range(questions)]
    accuracy = rng.binomial(trials, truth) / trials
    right = rng.random((questions, samples)) < p[:, None]
    scores = np.clip(0.3 + 0.4 * right + noise * rng.standard_normal(right.shape), 0, 1)
    called = [*STRATEGIES, *(f"other-{i}" for i in range(strategies))][:strategies]
    return World(
        Table(64, tuple(names), tuple(called), accuracy),
        truth,
        dict(zip(names, right.mean(axis=1).tolist(), strict=True)),
        dict(zip(names, scores.mean(axis=1).tolist(), strict=True)),
    )
