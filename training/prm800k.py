"""PRM800K's labelled solutions as examples, of both phases (openai/prm800k; arXiv 2305.20050).

A row holds, for each step of one solution, one or more rated completions, of which the solution
went on with one (or, in phase 1, with what the labeller wrote instead). Which solutions are made of
that is `Expand`; all of them end with their first step that is rated wrong, as labelling did.

The three ratings stay three classes: whether neutral is right is for whoever fits or reads a model
to say. TRL's own script for this data takes phase 1 alone and makes neutral negative; OpenR's
documents all combinations (1 × 3 × 2 completions = 6 solutions), loses all but 2 of these six, and
goes on through steps that were rated wrong.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from ..tasks import LabelledSolution, LabelledStep, RatedCompletion, final_answer, read_rows
from ..tasks.equivalence import equivalent, require
from ..tasks.prm800k import labelled_solution
from ..verifiers.prm.readout import Label
from .bad import Bad
from .examples import Example

Expand = Literal["chosen", "alternatives", "product"]
"""Which solutions a row becomes.

* "chosen": the one that the labeller went along.
* "alternatives": that one, and for every other rated completion of a step the chosen steps before
  it and that completion. Each rating is the last label of just one of them; labels before are
  repeated, as in TRL's.
* "product": every combination of the completions of all steps, as OpenR documents. Mind that what
  follows a completion that was not chosen was written, and rated, after another one.
"""
CLASS: dict[int | None, Label | None] = {
    1: "positive", 0: "neutral", -1: "negative", None: None,
}  # fmt: skip
MOST = 1000
"""Combinations of a row beyond which it is left out: they grow with the power of its steps."""
AT_ONCE = 256
"""Answers that are graded together."""


@dataclass(frozen=True)
class Selection:
    """Which rows are taken. The defaults are those of the paper's counts (appendix B)."""

    expand: Expand = "alternatives"
    checks: bool = False
    """Whether quality control and screening rows are taken, which many labellers had."""
    unfinished: bool = False
    """Whether rows are taken whose labeller gave up, or found the problem bad. What was rated until
    then was rated."""


@dataclass
class Account:
    """What became of the rows."""

    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """By reason."""
    solutions: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    """Of all solutions together, by class; null: a step without a rating."""
    ungraded: int = 0
    """Answers that nobody could compare with the gold one."""

    def lines(self) -> list[str]:
        """In words, a line each."""
        labels = ", ".join(f"{count} {name}" for name, count in sorted(self.labels.items()))
        lines = [f"{self.rows} rows, {self.solutions} solutions, labels: {labels or 'none'}"]
        lines += [f"left out {n} rows: {why}" for why, n in self.left_out.most_common()]
        if self.ungraded:
            lines.append(f"{self.ungraded} answers could not be graded; they have no `correct`")
        return lines


def read_prm800k(
    paths: Sequence[Path],
    select: Selection | None = None,
    *,
    bad: Bad | None = None,
    account: Account | None = None,
) -> Iterator[tuple[Example, str | None]]:
    """The solutions of those files with their gold answers, in order. `answer` is filled in where a
    solution came to one; `correct` is not yet: see `graded`.

    Raises:
        InputError: there is no such file, or (unless `bad` skips) a row is bad.
    """
    select, bad, account = select or Selection(), bad or Bad(), account or Account()
    for path in paths:
        for row, where in read_rows(path):
            account.rows += 1
            solution = _read(row, where, bad)
            if solution is None:
                continue
            reason = _unwanted(solution, select)
            if reason:
                account.left_out[reason] += 1
                continue
            for example in _examples(solution, select.expand, where, bad):
                account.solutions += 1
                account.labels.update(str(label or "null") for label in example.labels)
                yield example, solution.answer


async def graded(
    found: Iterable[tuple[Example, str | None]], account: Account | None = None
) -> AsyncIterator[Example]:
    """The examples with `correct`, by PRM800K's own grader (tasks/prm800k_grading.py).

    Raises:
        MissingError: what compares answers is not installed.
    """
    require("prm800k")
    account, rows, known = account or Account(), iter(found), _Grades()
    while batch := list(islice(rows, AT_ONCE)):
        await known.learn(batch)
        for example, gold in batch:
            correct = known.of(example, gold)
            account.ungraded += correct is None and None not in (example.answer, gold)
            yield replace(example, correct=correct)


class _Grades:
    """How answers compare with gold answers; of the last batch alone, in which questions come
    together."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bool | None] = {}

    async def learn(self, batch: Sequence[tuple[Example, str | None]]) -> None:
        pairs = [(one.answer, gold) for one, gold in batch if one.answer and gold]
        kept = {pair: self._known[pair] for pair in pairs if pair in self._known}
        new = [pair for pair in dict.fromkeys(pairs) if pair not in kept]
        found = await asyncio.gather(*(equivalent(*pair, "prm800k") for pair in new))
        self._known = kept | dict(zip(new, found, strict=True))

    def of(self, example: Example, gold: str | None) -> bool | None:
        return self._known[example.answer, gold] if example.answer and gold else None


def trajectories(
    solution: LabelledSolution, expand: Expand = "alternatives"
) -> Iterator[tuple[RatedCompletion, ...]]:
    """The solutions that a row holds, as their rated steps. No step but the last is rated -1.

    Raises:
        ValueError: they are more than `MOST` ("product" alone).
    """
    if expand == "product":
        return _combined(solution.steps)
    return _along(solution.steps, others=expand == "alternatives")


def _along(steps: Sequence[LabelledStep], *, others: bool) -> Iterator[tuple[RatedCompletion, ...]]:
    path: tuple[RatedCompletion, ...] = ()
    shown = False
    for step in steps:
        on = _taken(step)
        branches = [one for one in step.completions if one is not on and one.rating is not None]
        if others:
            yield from ((*path, one) for one in branches)
        shown = others and bool(branches)
        if on is None:
            break
        path, shown = (*path, on), False
        if on.rating == -1:
            break
    if path and not shown:  # else it is the beginning of those
        yield path


def _taken(step: LabelledStep) -> RatedCompletion | None:
    """What the solution goes on with; where nothing was chosen, the error that it ended with. What
    a labeller wrote is taken to be right: it was written since nothing else was."""
    if step.chosen is not None:
        return step.completions[step.chosen]
    if step.human:
        return RatedCompletion(step.human, 1)
    return next((one for one in step.completions if one.rating == -1), None)


def _combined(steps: Sequence[LabelledStep]) -> Iterator[tuple[RatedCompletion, ...]]:
    choices: list[list[RatedCompletion]] = []
    for step in steps:
        on = _taken(step)
        rated = [one for one in step.completions if one is on or one.rating is not None]
        choices.append(rated + ([on] if on is not None and on not in rated else []))
        if not choices[-1]:
            choices.pop()
            break
    count = 1 if choices else 0
    for step_choices in reversed(choices):
        count = sum(1 if one.rating == -1 else count for one in step_choices)
    if count > MOST:
        raise ValueError(f"more than {MOST} combinations")
    return _every(choices, ())


def _every(
    choices: Sequence[Sequence[RatedCompletion]], path: tuple[RatedCompletion, ...]
) -> Iterator[tuple[RatedCompletion, ...]]:
    if len(path) == len(choices) or (path and path[-1].rating == -1):
        if path:
            yield path
        return
    for one in choices[len(path)]:
        yield from _every(choices, (*path, one))


def _unwanted(solution: LabelledSolution, select: Selection) -> str | None:
    """Why a row is left out, if it is."""
    if solution.screening and not select.checks:
        return "screening"
    if solution.quality_control and not select.checks:
        return "quality control"
    if solution.finish_reason in ("give_up", "bad_problem") and not select.unfinished:
        return f"unfinished ({solution.finish_reason})"
    if select.expand == "product":
        try:
            _combined(solution.steps)
        except ValueError as error:
            return str(error)
    return None


def _examples(
    solution: LabelledSolution, expand: Expand, where: str, bad: Bad
) -> Iterator[Example]:
    for steps in trajectories(solution, expand):
        if not all(step.text.strip() for step in steps):
            bad.row(where, "a step is empty")
            continue
        texts = tuple(step.text for step in steps)
        labels = tuple(CLASS[step.rating] for step in steps)
        answer = final_answer(texts[-1])
        yield Example(solution.question, texts, labels, answer=answer, where=where)


def _read(row: Any, where: str, bad: Bad) -> LabelledSolution | None:
    if not isinstance(row, dict):
        bad.row(where, "not an object")
        return None
    try:
        return labelled_solution(row)
    except KeyError as error:
        bad.row(where, f"the field {error} is missing")
    except (TypeError, ValueError, AttributeError) as error:
        bad.row(where, "no labelled solution", " ".join(str(error).split())[:160])
    return None
