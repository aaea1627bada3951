"""Policies for tests: which strategy for which bin, in words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ponder.nodes.policy import Bins, Chosen, Policy, write_policy
from ponder.nodes.strategy import Strategy


def policy(
    bins: Mapping[int, str],
    thresholds: tuple[float, ...] = (0.6, 0.4),
    *,
    budget: int = 16,
    overall: str = "best-of-n",
    by: Any = "predicted",
    **options: Any,
) -> Policy:
    """One budget's. `options` are of every strategy."""

    def chosen(name: str) -> Chosen:
        return Chosen(Strategy.parse(name), options)

    found = {number: chosen(name) for number, name in bins.items()}
    sampling = chosen("best-of-n")
    return Policy(by, Bins(thresholds), {budget: chosen(overall)}, {budget: found}, sampling)


def written(folder: Path, *given: Any, **fields: Any) -> Path:
    """The file of such a policy."""
    file = folder / "policy.json"
    write_policy(policy(*given, **fields), file)
    return file
