"""How good the scores in a file are, by what its rows say of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...errors import MissingError
from ...tasks import classes, final_answer, read_rows
from ...training.encoding import first_wrong, right
from ...training.examples import Example, from_row
from ...training.ranking import Calibration, FirstError, best_threshold, calibration, first_error
from ...verifiers import Sample, ballots, best_of_n, estimate, majority, weighted

WAYS = {"best": best_of_n, "weighted": weighted, "majority": majority}
WORK = 2_000_000
"""Candidates that are looked at for a way of choosing, which decides how many trials there are."""
Scored = tuple[Example, float, tuple[float, ...]]
"""A solution, its score, and those of its steps, where there are such."""


@dataclass(frozen=True)
class Report:
    """What could be measured. What could not is None, or empty."""

    solutions: int
    questions: int = 0
    """Whose solutions have grades, two or more of them: what is chosen among."""
    selections: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    """By way of choosing, and n: the share of those questions whose chosen solution is right."""
    trials: int = 0
    """How many draws of n that is the mean over."""
    first_error: FirstError | None = None
    """At the threshold that was given."""
    first_error_best: FirstError | None = None
    """At the threshold that is the best for these very rows, which flatters."""
    steps: Calibration | None = None
    """Of steps' scores with their labels."""
    outcome: Calibration | None = None
    """Of solutions' scores with `correct`."""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return asdict(self)

    def lines(self) -> list[str]:
        """In words, a line each."""
        lines = [
            f"{way:<9} " + "  ".join(f"{n}: {value:.3f}" for n, value in found.items())
            for way, found in self.selections.items()
        ]
        if lines:
            head = f"right among n, of {self.questions} questions, {self.trials} draws each"
            lines = [head, *lines]
        for found, how in (
            (self.first_error, "at"),
            (self.first_error_best, "best on these rows, at"),
        ):
            if found is not None:
                lines.append(
                    f"first wrong step, {how} threshold {found.threshold:.3g}: F1 {found.f1:.3f} "
                    f"(erroneous {found.wrong:.3f}, correct {found.right:.3f})"
                )
        for name, one in (("steps", self.steps), ("solutions", self.outcome)):
            if one is not None:
                lines.append(
                    f"calibration of {one.steps} {name}: ECE {one.ece:.3f}, Brier {one.brier:.3f}"
                )
        return [*lines, *self.notes]


async def measured(path: Path, threshold: float = 0.5) -> Report:
    """Measure a file that `ScoreFile` wrote; one that it did not write, since there was nothing
    to write, has no solutions.

    Neutral steps count as right (2305.20050, section 2.6). First wrong steps are looked for in
    solutions that are labelled up to one, or whole (ProcessBench, 2412.06559).
    """
    rows = _read(path)
    marked = [(one, wrong) for one in rows if (wrong := first_wrong(one[0])) is not None]
    steps = [scores or None for (_, _, scores), _ in marked]
    wrongs = [wrong for _, wrong in marked]
    by_steps = any(steps)
    selections, questions, trials, notes = await _selections(rows)
    best = best_threshold(steps, wrongs) if by_steps else None
    return Report(
        len(rows),
        questions,
        selections,
        trials,
        first_error(steps, wrongs, threshold) if by_steps else None,
        best,
        _calibration(
            [
                (score, right(label))
                for example, _, scores in rows
                for score, label in zip(scores, example.labels, strict=False)
                if label is not None
            ]
        ),
        _calibration(
            [(score, float(one.correct)) for one, score, _ in rows if one.correct is not None]
        ),
        notes if best is None else (*notes, FLATTERS),
    )


FLATTERS = (
    "the best threshold was chosen on the very rows that its F1 is of, so that F1 is too good; "
    "--threshold says one that was chosen on others"
)


async def _selections(
    rows: Sequence[Scored],
) -> tuple[dict[str, dict[int, float]], int, int, tuple[str, ...]]:
    """By way and n; of how many questions; in how many trials; and what has to be said of it."""
    groups: dict[str, list[Scored]] = {}
    for one in rows:
        groups.setdefault(one[0].question, []).append(one)
    graded = [
        some
        for some in groups.values()
        if len(some) > 1 and any(example.correct is not None for example, _, _ in some)
    ]
    if not graded:
        return {}, 0, 0, ()
    try:
        questions, answered = await _samples(graded)
    except MissingError as error:
        return {}, 0, 0, (f"nothing is chosen among solutions: {error}",)
    most = min(map(len, questions))
    ns = [2**power for power in range(most.bit_length())]
    trials = max(20, min(400, WORK // (len(questions) * sum(ns))))
    ways = WAYS if answered else {"best": best_of_n}
    found = {
        way: {
            one.n: one.accuracy for one in estimate(questions, select=select, ns=ns, trials=trials)
        }
        for way, select in ways.items()
    }
    notes = () if answered else ("no solution has a final answer: nothing can be voted on",)
    return found, len(questions), trials, notes


async def _samples(graded: Sequence[Sequence[Scored]]) -> tuple[list[list[Sample | None]], bool]:
    """The candidates of each question, and whether any has a final answer."""
    questions: list[list[Sample | None]] = []
    answered = False
    for some in graded:
        answers = [one.answer or final_answer("\n\n".join(one.steps)) for one, _, _ in some]
        answered = answered or any(answers)
        cast = ballots(await classes(answers), [score for _, score, _ in some])
        questions.append(
            [Sample(ballot, one.correct) for ballot, (one, _, _) in zip(cast, some, strict=True)]
        )
    return questions, answered


def _calibration(pairs: Sequence[tuple[float, float]]) -> Calibration | None:
    """None where the scores are no probabilities."""
    if not all(0 <= score <= 1 for score, _ in pairs):
        return None
    return calibration([score for score, _ in pairs], [wanted for _, wanted in pairs])


def _read(path: Path) -> "list[Scored]":
    if not path.exists():
        return []
    return [
        (from_row(row, where), float(row["score"]), tuple(row["scores"] or ()))
        for row, where in read_rows(path)
    ]
