"""What every strategy came to on every question with every budget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ..metrics.bootstrap import Array


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question, one strategy, one budget."""

    question: str
    strategy: str
    """Its name (`nodes.strategy`)."""
    budget: int
    """Generations that it was allowed."""
    accuracy: float | None
    """The share of trials whose answer was right; None where none could be graded."""
    generations: float
    """That it cost, as the paper counts them: best-of-n N, beam N, lookahead N (k + 1), revisions
    chains × depth."""
    trials: int = 1
    """That were graded."""
    tokens: float = 0.0
    """Prompt and completion, of the model alone; the mean over trials."""
    verifier_tokens: float = 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """One budget's accuracies, question by question."""

    budget: int
    questions: tuple[str, ...]
    """That every strategy has a grade of."""
    strategies: tuple[str, ...]
    """In the order of preference: of equally good ones, the first is taken."""
    accuracy: Array
    """Questions × strategies."""
    dropped: int = 0
    """Questions left out, since a strategy has no grade of them."""

    def column(self, strategy: str) -> Array:
        """A strategy's accuracies.

        Raises:
            InputError: the table has no such strategy.
        """
        if strategy not in self.strategies:
            raise InputError(
                f"strategy {strategy!r} is none of {', '.join(self.strategies)}, which budget "
                f"{self.budget} was tried with"
            )
        found: Array = self.accuracy[:, self.strategies.index(strategy)]
        return found


def pooled(trials: Iterable[Outcome]) -> list[Outcome]:
    """One outcome for each question, strategy and budget, from those of single trials: accuracies
    are averaged over the trials that have a grade, costs over all."""
    together: dict[tuple[str, str, int], list[Outcome]] = {}
    for one in trials:
        together.setdefault((one.question, one.strategy, one.budget), []).append(one)
    return [_mean(some) for some in together.values()]


def budgets_of(outcomes: Iterable[Outcome]) -> list[int]:
    """From the smallest."""
    return sorted({one.budget for one in outcomes})


def table_of(outcomes: Iterable[Outcome], budget: int, order: Sequence[str] | None = None) -> Table:
    """The accuracies of one budget. `order` is that of preference among equals, the simplest
    strategy first; if None, that of appearance.

    Raises:
        InputError: no question has a grade for every strategy, or there are two outcomes of one.
    """
    own = [one for one in outcomes if one.budget == budget]
    names = list(dict.fromkeys(one.strategy for one in own))
    if order is not None:
        names.sort(key=lambda name: order.index(name) if name in order else len(order))
    cells: dict[tuple[str, str], float | None] = {}
    for one in own:
        if (one.question, one.strategy) in cells:
            raise InputError(
                f"question {one.question}: two outcomes of {one.strategy} with budget {budget}; "
                "pool the trials"
            )
        cells[one.question, one.strategy] = one.accuracy
    questions = list(dict.fromkeys(one.question for one in own))
    whole = [q for q in questions if all(cells.get((q, name)) is not None for name in names)]
    if not whole:
        raise InputError(f"budget {budget}: no question has a grade for every strategy")
    rows = [[cells[q, name] for name in names] for q in whole]
    accuracy = np.array(rows, dtype=np.float64)
    return Table(budget, tuple(whole), tuple(names), accuracy, len(questions) - len(whole))


def costs_of(outcomes: Iterable[Outcome], budget: int) -> Mapping[str, tuple[float, float, float]]:
    """By strategy: generations, tokens and verifier tokens of a question, on average."""
    own = [one for one in outcomes if one.budget == budget]
    return {
        name: (
            float(np.mean([one.generations for one in some])),
            float(np.mean([one.tokens for one in some])),
            float(np.mean([one.verifier_tokens for one in some])),
        )
        for name in dict.fromkeys(one.strategy for one in own)
        if (some := [one for one in own if one.strategy == name])
    }


def _mean(some: Sequence[Outcome]) -> Outcome:
    first = some[0]
    graded = [one for one in some if one.accuracy is not None]
    trials = sum(one.trials for one in graded)
    right = sum((one.accuracy or 0.0) * one.trials for one in graded)
    return Outcome(
        first.question,
        first.strategy,
        first.budget,
        right / trials if trials else None,
        float(np.mean([one.generations for one in some])),
        trials,
        float(np.mean([one.tokens for one in some])),
        float(np.mean([one.verifier_tokens for one in some])),
    )
