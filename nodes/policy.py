"""Which strategy for which difficulty: what a compute-optimal search goes by, and its file.

Paper: "Scaling LLM Test-Time Compute Optimally", section 3.2 (arXiv 2408.03314). The file is JSON;
docs/compute-optimal.md has its fields. `evals/optimal` makes one from a sweep.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import InputError
from .strategy import Strategy

SCHEMA = 1
"""Raised when a reader of the old format would misread the new one; a new field does not."""
MOST = 1_000_000
"""Generations of a budget."""
By = Literal["predicted", "oracle"]
"""Difficulty from a verifier's mean score, or from the share of right answers (pass@1)."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of difficulty, by the thresholds between them. Bin 1 is the easiest."""

    thresholds: tuple[float, ...]
    """From the easiest bin's lower bound down, one less than there are bins. A value that equals a
    threshold is on its easier side."""

    def __len__(self) -> int:
        return len(self.thresholds) + 1

    def of(self, value: float) -> int:
        """The bin of a question whose mean score (or pass@1) that is, from 1."""
        return 1 + sum(value < threshold for threshold in self.thresholds)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A strategy, the options its graph was measured with, and what speaks for it."""

    strategy: Strategy
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of its graph, beside its sizes."""
    profile: str = "fast"
    """Of its graph, which the options change."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able, for readers: accuracies, what each fold chose, how many questions. Nothing is
    decided by it."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "strategy": self.strategy.name,
            "profile": self.profile,
            "options": dict(self.options),
            "evidence": dict(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Policy:
    """For each budget and bin, the best strategy known; and for each budget, the best over all."""

    by: By
    bins: Bins
    overall: Mapping[int, Chosen]
    """By budget in generations: for a question whose bin is not known, or has no choice."""
    choices: Mapping[int, Mapping[int, Chosen]]
    """By budget, by bin."""
    sampling: Chosen = field(default_factory=lambda: Chosen(Strategy()))
    """How the answers were sampled that tell the difficulty."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able, for readers: data set, model, verifier, samples for difficulty, versions."""

    def nearest(self, budget: int) -> int:
        """The budget of the policy's that is nearest by ratio; of two, the smaller."""
        return min(self.overall, key=lambda known: (abs(math.log(known / budget)), known))

    def choose(self, budget: int, bin: int | None) -> Chosen:
        """The choice of the nearest budget for that bin: the best over all where it has none."""
        known = self.nearest(budget)
        found = self.choices.get(known, {}).get(bin) if bin is not None else None
        return found or self.overall[known]

    def to_json(self) -> dict[str, Any]:
        """Plain data, as the file has it."""
        return {
            "schema": SCHEMA,
            "about": dict(self.about),
            "difficulty": {
                "by": self.by,
                "thresholds": list(self.bins.thresholds),
                "sampling": self.sampling.to_json(),
            },
            "budgets": [
                {
                    "budget": budget,
                    "overall": self.overall[budget].to_json(),
                    "bins": [
                        {"bin": number, **chosen.to_json()}
                        for number, chosen in sorted(self.choices.get(budget, {}).items())
                    ],
                }
                for budget in sorted(self.overall)
            ],
        }

    @classmethod
    def from_json(cls, data: Any) -> "Policy":
        """The inverse of `to_json`. Fields that are not known are left out.

        Raises:
            ValueError: it is no policy, or of a newer schema; the message says where.
        """
        schema = _get(data, "schema", int, "")
        if schema > SCHEMA:
            raise ValueError(f"of schema {schema}, newer than {SCHEMA}: update ponder")
        difficulty = _get(data, "difficulty", dict, "")
        by = _get(difficulty, "by", str, "difficulty.")
        if by not in ("predicted", "oracle"):
            raise ValueError(f"`difficulty.by` {by!r} is not one of predicted, oracle")
        budgets = _get(data, "budgets", list, "")
        overall: dict[int, Chosen] = {}
        choices: dict[int, dict[int, Chosen]] = {}
        bins = Bins(_thresholds(difficulty))
        for place, one in enumerate(budgets):
            at = f"budgets[{place}]."
            budget = _get(one, "budget", int, at)
            if not 1 <= budget <= MOST or budget in overall:
                raise ValueError(f"`{at}budget` must be from 1 to {MOST:,}, and given once")
            overall[budget] = _chosen(_get(one, "overall", dict, at), f"{at}overall.")
            choices[budget] = _bins_of(one, at, len(bins))
        if not overall:
            raise ValueError("`budgets` is empty")
        where = "difficulty.sampling."
        sampling = _chosen(_get(difficulty, "sampling", dict, "difficulty."), where)
        about = data.get("about")
        about = about if isinstance(about, dict) else {}
        return cls(by, bins, overall, choices, sampling, about)


def mean_score(scores: Sequence[float | None]) -> float | None:
    """The mean of what a verifier gave to some answers, which is how hard their question looks;
    None where it scored none. What is no finite number is no score."""
    known = [score for score in scores if score is not None and math.isfinite(score)]
    return math.fsum(known) / len(known) if known else None


def read_policy(path: Path) -> Policy:
    """A policy from its file.

    Raises:
        InputError: it cannot be read, or is none.
    """
    try:
        return Policy.from_json(json.loads(path.read_text()))
    except OSError as error:
        raise InputError(f"policy {path}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"policy {path} line {error.lineno}: not JSON: {error.msg}") from None
    except InputError as error:
        raise InputError(f"policy {path}: {error}") from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"policy {path}: {error}") from None


def write_policy(policy: Policy, path: Path) -> None:
    """Write it, whole or not at all.

    Raises:
        InputError: it cannot be written, or is something else than a file.
    """
    whole = path.parent / f"{path.name}.new"
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"policy {path}: is no file, and is not replaced by one; name another")
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(json.dumps(policy.to_json(), indent=2) + "\n")
        whole.replace(path)
    except OSError as error:
        raise InputError(f"policy {path}: {error.strerror or error}") from None


def _get(data: Any, name: str, kind: type[Any], where: str) -> Any:
    if not isinstance(data, dict):
        raise ValueError(f"`{where.rstrip('.') or 'the file'}` must be an object")
    value = data.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"`{where}{name}` must be {WORDS[kind]}")
    return value


WORDS = {int: "a whole number", str: "text", dict: "an object", list: "a list"}


def _thresholds(difficulty: Any) -> tuple[float, ...]:
    values = _get(difficulty, "thresholds", list, "difficulty.")
    sound = all(
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        for value in values
    )
    if not sound or values != sorted(values, reverse=True):
        raise ValueError("`difficulty.thresholds` must be numbers from the highest down")
    return tuple(map(float, values))


def _bins_of(one: Any, at: str, count: int) -> dict[int, Chosen]:
    found: dict[int, Chosen] = {}
    for place, entry in enumerate(_get(one, "bins", list, at)):
        where = f"{at}bins[{place}]."
        number = _get(entry, "bin", int, where)
        if not 1 <= number <= count or number in found:
            raise ValueError(f"`{where}bin` {number} must be from 1 to {count}, and given once")
        found[number] = _chosen(entry, where)
    return found


def _chosen(data: Any, where: str) -> Chosen:
    strategy = Strategy.parse(_get(data, "strategy", str, where))
    options = _get(data, "options", dict, where)
    evidence = data.get("evidence")
    profile = _get(data, "profile", str, where)
    return Chosen(strategy, options, profile, evidence if isinstance(evidence, dict) else {})
