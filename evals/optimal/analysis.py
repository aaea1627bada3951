"""From a sweep's outcomes to a policy, and to what that is worth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import InputError
from ...nodes.policy import Bins, By, Chosen, Policy
from ...nodes.strategy import Strategy
from ..metrics.bootstrap import Array, bootstrap_mean
from .difficulty import Binned, quantile_bins
from .efficiency import Efficiency
from .grid import BASELINE, order_of
from .measured import Optimal, efficiency_of, optimal
from .outcomes import Outcome, Table, costs_of, table_of
from .plan import Cover
from .sweep import Estimated, Swept

COSTS = ("generations", "tokens", "verifier_tokens")


@dataclass(frozen=True, slots=True)
class Estimating:
    """What it cost to tell the difficulty of a question, on average. The paper does not count
    it."""

    questions: int
    generations: float
    tokens: float
    verifier_tokens: float
    error: float
    """The mean standard error of a question's difficulty."""

    def to_json(self) -> dict[str, Any]:
        """Plain data. An error that is infinite, which JSON cannot say, is null."""
        own = {name: getattr(self, name) for name in self.__slots__}
        return own if math.isfinite(self.error) else {**own, "error": None}


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything a sweep says of compute-optimal scaling, by one measure of difficulty."""

    by: By
    binned: Binned
    worth: Sequence[Optimal]
    """One a budget."""
    tables: Sequence[Table]
    """Likewise."""
    curve: Mapping[int, float]
    """Best-of-n's accuracy by its answers, on the same questions."""
    efficiencies: Sequence[Efficiency]
    """One a budget: what the choice is worth in generations of best-of-n."""
    costs: Mapping[int, Mapping[str, tuple[float, float, float]]]
    """By budget and strategy: generations, tokens, verifier tokens of a question."""
    estimating: Estimating
    left_out: int
    """Questions without a difficulty, or without a grade from every strategy and budget."""
    absent: Sequence[Cover]
    """Strategies with budgets that were to be tried and have no outcome, so that nothing could be
    chosen of them."""
    same_bin: float | None
    """The share of questions that predicted and oracle difficulty put in the same bin; None where
    both are not known."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "difficulty": self.by,
            "thresholds": list(self.binned.bins.thresholds),
            "bins": dict(self.binned.of),
            "budgets": [one.to_json() for one in self.worth],
            "best_of_n": {str(n): accuracy for n, accuracy in self.curve.items()},
            "efficiency": [one.to_json() for one in self.efficiencies],
            "costs": {
                str(budget): {
                    name: dict(zip(COSTS, one, strict=True)) for name, one in costs.items()
                }
                for budget, costs in self.costs.items()
            },
            "estimating": self.estimating.to_json(),
            "left_out": self.left_out,
            "absent": [list(one) for one in self.absent],
            "same_bin": self.same_bin,
        }


def analyse(swept: Swept, by: By = "predicted", count: int = 5, seed: int = 0) -> Analysis:
    """Put the questions into bins and choose for each; all numbers are over the questions that have
    a difficulty, and a grade from every strategy with every budget.

    Raises:
        InputError: too few such questions, or best-of-n was not swept.
    """
    values = _values(swept.difficulty, by)
    outcomes = _complete(swept, values)
    asked = {one.question for one in swept.outcomes} | set(swept.difficulty)
    questions = {one.question for one in outcomes}
    if len(questions) < 2 * count:
        raise InputError(
            f"{swept.path}: {count} bins of two folds need at least {2 * count} questions with a "
            f"grade from every strategy and a difficulty by {LACKING[by]}: of {len(asked)}, "
            f"{len(values)} have a difficulty, {len(questions)} both"
        )
    binned = quantile_bins({q: values[q] for q in values if q in questions}, count)
    order = order_of(swept.budgets)
    tables = [table_of(outcomes, budget, order) for budget in swept.budgets]
    worth = [optimal(table, binned.of, seed=seed) for table in tables]
    curve = _curve(outcomes, tables[0].questions)
    return Analysis(
        by=by,
        binned=binned,
        worth=worth,
        tables=tables,
        curve={n: float(values.mean()) for n, values in curve.items()},
        efficiencies=[efficiency_of(table, binned.of, curve, seed=seed) for table in tables],
        costs={budget: costs_of(outcomes, budget) for budget in swept.budgets},
        estimating=_estimating([swept.difficulty[q] for q in sorted(questions)], by),
        left_out=len(asked) - len(questions),
        absent=swept.absent,
        same_bin=_same_bin(swept, questions, count),
    )


def accuracies(swept: Swept) -> list[dict[str, Any]]:
    """Each budget's strategies: accuracy as [value, low, high] over the questions that every
    strategy has a grade of, and what a question cost."""
    order = order_of(swept.budgets)
    found: list[dict[str, Any]] = []
    for budget in swept.budgets:
        table, costs = table_of(swept.outcomes, budget, order), costs_of(swept.outcomes, budget)
        means = {name: bootstrap_mean(table.column(name).tolist()) for name in table.strategies}
        own = {
            name: {"accuracy": mean.to_json(), **dict(zip(COSTS, costs[name], strict=True))}
            for name, mean in means.items()
        }
        found.append({"budget": budget, "questions": len(table.questions), "strategies": own})
    return found


def policy_of(swept: Swept, found: Analysis) -> Policy:
    """The policy that the analysis speaks for. Its choices are the best of all questions of a bin;
    what they are worth is measured on folds, and said in their evidence."""
    overall = {
        one.budget: _chosen(swept, one.best_fixed, one.budget, _over_all(one))
        for one in found.worth
    }
    choices = {
        one.budget: {
            each.bin: _chosen(
                swept,
                each.strategy,
                one.budget,
                {**each.to_json(), **_columns(found, one, each.bin)},
            )
            for each in one.choices
        }
        for one in found.worth
    }
    spec = swept.about.spec
    about = {
        "dataset": swept.about.dataset,
        "model": spec.model,
        "verifier": spec.verifier or spec.judge,
        "questions": len(found.binned.of),
        "left_out": found.left_out,
        "astray": found.binned.astray,
        "samples_for_difficulty": found.estimating.to_json(),
    }
    profile, options = swept.specs[BASELINE, found.worth[-1].budget]
    sampling = Chosen(Strategy(), options, profile)
    bins = Bins(found.binned.bins.thresholds)
    return Policy(found.by, bins, overall, choices, sampling, about)


LACKING: Mapping[By, str] = {"predicted": "the verifier's scores", "oracle": "grades"}


def _values(difficulty: Mapping[str, Estimated], by: By) -> dict[str, float]:
    found = {q: one.predicted if by == "predicted" else one.oracle for q, one in difficulty.items()}
    return {question: one.value for question, one in found.items() if one is not None}


def _complete(swept: Swept, values: Mapping[str, float]) -> list[Outcome]:
    """The outcomes of the questions that have them all."""
    if not any(one.strategy == BASELINE for one in swept.outcomes):
        raise InputError(f"{swept.path}: {BASELINE} was not swept, which gains are measured over")
    wanted = {(one.strategy, one.budget) for one in swept.outcomes}
    graded: dict[str, set[tuple[str, int]]] = {}
    for one in swept.outcomes:
        if one.accuracy is not None and one.question in values:
            graded.setdefault(one.question, set()).add((one.strategy, one.budget))
    whole = {question for question, has in graded.items() if has == wanted}
    return [one for one in swept.outcomes if one.question in whole]


def _curve(outcomes: Sequence[Outcome], questions: Sequence[str]) -> dict[int, Array]:
    """Best-of-n's accuracy on each question, by how many answers."""
    own = {(one.budget, one.question): one for one in outcomes if one.strategy == BASELINE}
    return {
        n: np.array([own[n, question].accuracy for question in questions], dtype=np.float64)
        for n in sorted({n for n, _ in own})
    }


def _estimating(found: Sequence[Estimated], by: By) -> Estimating:
    values = [one.predicted if by == "predicted" else one.oracle for one in found]
    errors = [one.error for one in values if one is not None]
    return Estimating(
        len(found),
        float(np.mean([one.generations for one in found])),
        float(np.mean([one.tokens for one in found])),
        float(np.mean([one.verifier_tokens for one in found])),
        float(np.mean(errors)),
    )


def _same_bin(swept: Swept, questions: set[str], count: int) -> float | None:
    both = [
        {q: value for q, value in _values(swept.difficulty, by).items() if q in questions}
        for by in BY
    ]
    if any(len(values) < len(questions) for values in both):
        return None
    one, other = (quantile_bins(values, count).of for values in both)
    return sum(one[q] == other[q] for q in questions) / len(questions)


BY: tuple[By, ...] = ("predicted", "oracle")


def _chosen(swept: Swept, name: str, budget: int, evidence: Mapping[str, Any]) -> Chosen:
    profile, options = swept.specs[name, budget]
    return Chosen(Strategy.parse(name), options, profile, evidence)


def _over_all(one: Optimal) -> dict[str, Any]:
    """What speaks for a budget's best strategy over all."""
    return {
        "questions": one.questions,
        "accuracy": one.fixed.to_json(),
        "baseline": one.at_baseline.to_json(),
        "compute_optimal": one.accuracy.to_json(),
        "gain": one.gain.to_json(),
        "over_fixed": one.over_fixed.to_json(),
        "in_sample": one.in_sample,
    }


def _columns(found: Analysis, one: Optimal, number: int) -> dict[str, Any]:
    """Each strategy's accuracy in the bin."""
    table = next(table for table in found.tables if table.budget == one.budget)
    own = [found.binned.of[question] == number for question in table.questions]
    means = table.accuracy[np.array(own)].mean(axis=0).tolist()
    return {"accuracies": dict(zip(table.strategies, means, strict=True))}
