"""The folder of a sweep: a folder for each of its runs, and `sweep.json`, which says what each run
is an outcome of.

    sweep.json            {"schema": 1, "budgets": […], "runs": [{"name", "trial", "covers"}, …]}
    difficulty@MODEL/     best-of-n, whose samples tell how hard the questions are
    beam-4-16@MODEL/      a strategy with a budget; see evals/folder.py
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...graphs import OPTIONS
from ...models.base import Usage
from ...nodes.run import VERIFICATION
from ...nodes.strategy import Strategy
from ..connect import GRAPHS
from ..folder import About, read_about, read_results
from ..results import Result
from .difficulty import Difficulty, oracle, predicted
from .outcomes import Outcome, pooled
from .plan import DIFFICULTY, SIZES, Cover, Planned

SWEEP = "sweep.json"
SCHEMA = 1


@dataclass(frozen=True)
class Estimated:
    """How hard a question is, by both measures, and what it took to find out."""

    oracle: Difficulty | None
    predicted: Difficulty | None
    generations: int
    tokens: int
    verifier_tokens: int


@dataclass(frozen=True)
class Swept:
    """What a sweep has come to so far."""

    path: Path
    about: About
    """Of the run for difficulty: the data set, the model, the verifier."""
    budgets: tuple[int, ...]
    difficulty: Mapping[str, Estimated]
    """By question."""
    outcomes: Sequence[Outcome]
    """Trials pooled. Best-of-n also has those of all powers of two below its largest budget."""
    specs: Mapping[Cover, tuple[str, Mapping[str, Any]]]
    """By strategy and budget: the profile, and the options beside those of size."""

    @property
    def absent(self) -> list[Cover]:
        """What was to be tried, and has come to nothing yet."""
        known = {(one.strategy, one.budget) for one in self.outcomes}
        return sorted(cover for cover in self.specs if cover not in known)

    @cached_property
    def curve_budgets(self) -> list[int]:
        """The numbers of answers that best-of-n has outcomes for."""
        return sorted({one.budget for one in self.outcomes if one.strategy == Strategy().name})


def refuse_another(path: Path, planned: Sequence[Planned]) -> None:
    """See that a sweep which is in the folder already is of the same models and verifier: a policy
    is of one, and the runs of two could not be told apart in it.

    Raises:
        InputError: it is not, or cannot be read.
    """
    if not (path / SWEEP).exists():
        return
    ours = planned[0].spec
    for run in _read(path)["runs"]:
        if run["covers"]:
            continue
        theirs = read_about(path / run["name"]).spec
        for name in ("model", "judge", "verifier"):
            if (held := getattr(theirs, name)) != getattr(ours, name):
                raise InputError(
                    f"--out {path}: holds a sweep with {name} {held}, not {getattr(ours, name)}: "
                    "name another folder"
                )


def write_sweep(path: Path, budgets: Iterable[int], planned: Sequence[Planned]) -> None:
    """Say what the runs are outcomes of, beside those that an earlier sweep in the folder has.

    Raises:
        InputError: it cannot be written, or what is there is no sweep.
    """
    known = _read(path) if (path / SWEEP).exists() else {"budgets": [], "runs": []}
    runs = {one["name"]: one for one in known["runs"]}
    for one in planned:
        own = one.to_json()
        earlier = runs.get(one.name, {}).get("covers", [])
        own["covers"] += [cover for cover in earlier if cover not in own["covers"]]
        runs[one.name] = own
    data = {
        "schema": SCHEMA,
        "budgets": sorted({*known["budgets"], *budgets}),
        "runs": list(runs.values()),
    }
    whole = path / f"{SWEEP}.new"
    try:
        whole.write_text(json.dumps(data, indent=2) + "\n")
        whole.replace(path / SWEEP)
    except OSError as error:
        raise InputError(f"--out {path}: {error.strerror or error}") from None


def read_sweep(path: Path) -> Swept:
    """What a sweep's folder has so far.

    Raises:
        InputError: it is no sweep's folder, one of its runs cannot be read, or they are of two
            models.
    """
    data = _read(path)
    trials: dict[tuple[str, str, int, int], Outcome] = {}
    specs: dict[Cover, tuple[str, Mapping[str, Any]]] = {}
    hard: dict[str, Estimated] = {}
    about: About | None = None
    runs = [(run, read_about(path / run["name"])) for run in data["runs"]]
    # Of two runs of best-of-n, the larger stands: the smaller is from an earlier, smaller sweep.
    for run, its in sorted(runs, key=lambda one: _samples(one[1])):
        folder = path / run["name"]
        covers = [(str(name), int(budget)) for name, budget in run["covers"]]
        if not covers:
            if about is not None:
                both = f"{about.spec.model} and {its.spec.model}"
                raise InputError(f"{path}: has a sweep of {both}; a policy is of one model")
            about, hard = its, {one.task: _estimated(one) for one in _whole(folder)}
        options = _options(its)
        specs |= dict.fromkeys(covers, (its.spec.profile, options))
        for result in _whole(folder):
            for one in outcomes_of(result, covers, _samples(its)):
                trials[one.question, one.strategy, one.budget, run["trial"]] = one
    if about is None:
        raise InputError(f"{path / SWEEP}: has no run for {DIFFICULTY}")
    return Swept(path, about, tuple(data["budgets"]), hard, pooled(trials.values()), specs)


def outcomes_of(result: Result, covers: Sequence[Cover], samples: int) -> list[Outcome]:
    """One question's trial as outcomes. Best-of-n of n answers is what would have been chosen of
    the first n, at the n-th part of the cost."""
    judging = result.usage_by_kind.get(VERIFICATION, Usage()).tokens
    asking = result.usage.tokens - judging
    found: list[Outcome] = []
    for name, budget in covers:
        strategy = Strategy.parse(name)
        if strategy.kind != "best-of-n":
            cost = strategy.generations(budget) or budget
            costs = (cost, int(result.solved is not None), asking, judging)
            found.append(Outcome(result.task, name, budget, _share(result.solved), *costs))
    if any(name == Strategy().name for name, _ in covers):
        for n in (2**i for i in range(samples.bit_length())):
            part, right = n / samples, _right(result, n, samples)
            costs = (n, int(right is not None), asking * part, judging * part)
            found.append(Outcome(result.task, Strategy().name, n, _share(right), *costs))
    return found


def _share(right: bool | None) -> float | None:
    return None if right is None else float(right)


def _right(result: Result, n: int, samples: int) -> bool | None:
    """Whether best-of-n weighted is right among the first n. Where fewer came, among those."""
    if n == samples:
        return result.solved
    chosen = {m: id for m, id in result.selections.get("weighted", {}).items() if m <= n}
    if not chosen:
        chosen = {m: id for m, id in result.selections.get("majority", {}).items() if m <= n}
    grades = {one.id: one.passed for one in result.samples}
    if not chosen:
        return False if result.solved is not None else None
    return grades.get(chosen[max(chosen)])


def _estimated(result: Result) -> Estimated:
    judging = result.usage_by_kind.get(VERIFICATION, Usage()).tokens
    grades = [one.passed for one in result.samples]
    missing = [False] * result.missing if any(one is not None for one in grades) else []
    return Estimated(
        oracle([*grades, *missing]),
        predicted([one.score for one in result.samples]),
        result.drawn,
        result.usage.tokens - judging,
        judging,
    )


def _options(about: About) -> dict[str, Any]:
    """Those of its graph that no budget decides, as the numbers and words they are."""
    made = OPTIONS[GRAPHS[about.spec.graph]](**about.spec.options).model_dump(mode="json")
    return {name: made[name] for name in about.spec.options if name not in SIZES}


def _samples(about: About) -> int:
    return int(about.spec.options.get("samples", 0))


def _whole(folder: Path) -> list[Result]:
    return [result for result in read_results(folder) if result.error is None]


def _read(path: Path) -> dict[str, Any]:
    """What `sweep.json` says.

    Raises:
        InputError: there is none, it is none, or it is of a newer schema.
    """
    file = path / SWEEP
    try:
        data: dict[str, Any] = json.loads(file.read_text())
        if data["schema"] > SCHEMA:
            raise InputError(f"{file}: of schema {data['schema']}: update ponder")
        sound = all(
            isinstance(run["name"], str)
            and isinstance(run["trial"], int)
            and all(Strategy.parse(name) and budget > 0 for name, budget in run["covers"])
            for run in data["runs"]
        )
        if not sound or not all(isinstance(budget, int) for budget in data["budgets"]):
            raise ValueError
    except InputError as error:
        raise InputError(f"{file}: {error}".replace(f"{file}: {file}", str(file))) from None
    except OSError as error:
        raise InputError(f"{path}: not a sweep's folder: {SWEEP}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{file}: cannot be read; was it written by ponder?") from None
    return data
