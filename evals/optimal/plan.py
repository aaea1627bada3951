"""The runs of a sweep: which graph with which options, and what each is an outcome of.

No two runs are the same search: where two strategies come to the same with some budget (beam search
with M = 4 and with M = √16), one run serves both, and one run of best-of-n serves all its smaller
budgets, by what would have been chosen of its first n answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...nodes.strategy import Kind, Strategy
from ..names import model_name
from ..spec import Spec
from .grid import KINDS, grid

CALLED: Mapping[Kind, str] = {
    "best-of-n": "best-of-n",
    "beam": "beam-search",
    "lookahead": "lookahead-search",
    "revisions": "refine",
}
"""The graphs of the kinds, as on the command line."""
SIZES = ("samples", "width", "lookahead", "chains", "depth")
"""Options that a budget decides."""
DIFFICULTY = "difficulty"
"""The run whose samples tell how hard the questions are, and nothing else."""

Cover = tuple[str, int]
"""A strategy's name, and a budget."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One run of a sweep."""

    name: str
    """Its folder's."""
    spec: Spec
    covers: tuple[Cover, ...]
    """What it is an outcome of; none of the run for difficulty."""
    trial: int = 0

    @property
    def by_steps(self) -> bool:
        """Whether it searches over steps."""
        return any(Strategy.parse(name).by_steps for name, _ in self.covers)

    def to_json(self) -> dict[str, Any]:
        """Plain data for `sweep.json`; the spec is in the run's own folder."""
        return {
            "name": self.name,
            "trial": self.trial,
            "covers": [list(one) for one in self.covers],
        }


def plan(
    base: Spec,
    budgets: Sequence[int],
    kinds: Sequence[str] = KINDS,
    *,
    options: Mapping[str, Mapping[str, Any]] = {},
    trials: int = 1,
    samples: int = 64,
) -> list[Planned]:
    """The run for difficulty, of so many samples a question, then those of the strategies.

    `base` says the models, the verifier, the profile and the first trial's seed; `options` are each
    graph's own, by its name. Every trial has a seed of its own, and so does the run for difficulty,
    whose samples are no strategy's.

    Raises:
        InputError: a budget is no power of two, or a kind none of the grid's.
    """
    hard = _spec(base, Strategy(), samples, options, base.seed - 1)
    planned = [Planned(f"{DIFFICULTY}@{model_name(base)}", hard, ())]
    for trial in range(trials):
        planned += _trial(base, budgets, kinds, options, trial)
    return planned


def _trial(
    base: Spec,
    budgets: Sequence[int],
    kinds: Sequence[str],
    options: Mapping[str, Mapping[str, Any]],
    trial: int,
) -> list[Planned]:
    largest, seed = max(budgets), base.seed + trial
    covers: dict[str, list[Cover]] = {}
    specs: dict[str, Spec] = {}
    same: list[tuple[Spec, str]] = []
    for budget in sorted(budgets):
        for strategy in grid(budget, kinds):
            whole = largest if strategy.kind == "best-of-n" else budget
            spec = _spec(base, strategy, whole, options, seed)
            name = next((known for one, known in same if one == spec), None)
            if name is None:
                name = f"{strategy.name}-{whole}" + (f"-trial-{trial + 1}" if trial else "")
                same.append((spec, name))
                specs[name] = spec
            covers.setdefault(name, []).append((strategy.name, budget))
    return [
        Planned(f"{name}@{model_name(base)}", spec, tuple(covers[name]), trial)
        for name, spec in specs.items()
    ]


def _spec(
    base: Spec,
    strategy: Strategy,
    budget: int,
    options: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> Spec:
    graph = CALLED[strategy.kind]
    own = {**options.get(graph, {}), **(strategy.sizes(budget) or {})}
    return replace(base, graph=graph, options=own, seed=seed)
