"""Reward models of that arithmetic: fitted by ponder's own trainers, read by its own scorer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ponder.models.local.loading import forget
from ponder.training import Example, fit_orm, fit_prm, orm_options, prm_options
from ponder.verifiers.aggregation import Aggregate, aggregate
from ponder.verifiers.connect import connect_verifier
from ponder.verifiers.prm import OutcomeModel, RewardModel, Scorer
from reproductions.arithmetic import STEP, Solution

Kind = Literal["prm", "orm"]


SETTINGS: Mapping[str, Any] = {
    "batch": 16,
    "betas": (0.9, 0.99),
    "schedule": "cosine",
    "dropout": 0.0,
    "validation": 0.0,
    "patience": None,
    "checkpoints": False,
    "device": "cpu",
}
"""What suits a model of this size, not the papers' values."""
RATES: Mapping[Kind, float] = {"prm": 3e-3, "orm": 1e-3}
"""Learning rates. At 3e-3 an outcome model forgets what its base knows of lines before it learns
anything of outcomes."""
PASSES = 2000
"""Solutions that a fit to few goes through, however few: fewer updates teach nothing."""


def epochs_for(samples: int) -> int:
    """Epochs of a fit to so many: 3, and up to 40 where they are few."""
    return min(40, max(3, round(PASSES / samples)))


def fit(
    kind: Kind,
    examples: Sequence[Example],
    base: Path,
    folder: Path,
    *,
    epochs: int,
    seed: int,
    **more: Any,
) -> "Reward":
    """Fit one to labelled lines ("prm") or to final answers ("orm"), from the generator's own
    weights, unless the folder holds it already."""
    settings = {**SETTINGS, "lr": RATES[kind], "epochs": epochs, "seed": seed, **more}
    if kind == "prm":
        fit_prm(examples, base, folder, prm_options("paper-b", **settings))
    else:
        fit_orm(examples, base, folder, orm_options("paper-a", join=STEP, **settings))
    return load(kind, folder)


def load(kind: Kind, folder: Path) -> "Reward":
    """One that was fitted."""
    verifier = connect_verifier(f"{kind}:{folder}")
    assert isinstance(verifier, RewardModel | OutcomeModel)
    return Reward(verifier.load(), kind, folder)


@dataclass(frozen=True)
class Reward:
    """A reward model in memory."""

    scorer: Scorer
    kind: Kind
    folder: Path

    def close(self) -> None:
        """Give its memory back."""
        forget(str(self.folder))

    def steps(self, solutions: Sequence[Solution]) -> list[tuple[float, ...]]:
        """p(right) of every line of each; of an outcome model, one number for the whole."""
        asked = [
            (one.question.text, one.lines if self.kind == "prm" else (STEP.join(one.lines),))
            for one in solutions
        ]
        return [scored.scores for scored in self.scorer(asked)]

    def last(self, solutions: Sequence[Solution]) -> list[float | None]:
        """p(right) of the last line of each, finished or not."""
        return [aggregate(steps, "last") for steps in self.steps(solutions)]

    def product(self, solutions: Sequence[Solution]) -> list[float | None]:
        """The product of p(right) of the lines of each, finished or not."""
        return [aggregate(steps, "product") for steps in self.steps(solutions)]

    def scores(
        self, solutions: Sequence[Solution], how: Aggregate = "product"
    ) -> list[float | None]:
        """One number for each: the product of its lines' unless `how` says otherwise. None for what
        has no final answer, which cannot be given (openai/prm800k issue 8)."""
        found = [aggregate(steps, how) for steps in self.steps(solutions)]
        return [
            value if one.answer is not None else None
            for one, value in zip(solutions, found, strict=True)
        ]
