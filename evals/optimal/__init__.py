"""Compute-optimal test-time scaling: difficulty, strategies, the choice, and what it is worth.

Paper: "Scaling LLM Test-Time Compute Optimally" (arXiv 2408.03314).
"""

from .choice import in_sample, split, two_fold
from .difficulty import Binned, Difficulty, oracle, predicted, quantile_bins
from .efficiency import Efficiency, Needed, at_generations, efficiency, needed
from .flops import Match, inference, match, multiplier, pretraining, ratio, side_of
from .grid import BASELINE, KINDS, grid
from .measured import Choice, Optimal, efficiency_of, optimal
from .outcomes import Outcome, Table, budgets_of, costs_of, pooled, table_of

__all__ = [
    "BASELINE",
    "KINDS",
    "Binned",
    "Choice",
    "Difficulty",
    "Efficiency",
    "Match",
    "Needed",
    "Optimal",
    "Outcome",
    "Table",
    "at_generations",
    "budgets_of",
    "costs_of",
    "efficiency",
    "efficiency_of",
    "grid",
    "in_sample",
    "inference",
    "match",
    "multiplier",
    "needed",
    "optimal",
    "oracle",
    "pooled",
    "predicted",
    "pretraining",
    "quantile_bins",
    "ratio",
    "side_of",
    "split",
    "table_of",
    "two_fold",
]
