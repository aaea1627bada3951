"""Score solutions, question by question, into a file that grows."""

import asyncio
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...models.base import Usage
from ...tasks import MathTask, read_rows
from ...training import Bad
from ...training.examples import Example, Unfit, from_row
from ...training.processbench import as_example
from ...training.synthetic import VERIFIED, negative_of, supervise
from ...verifiers import JudgeModel, StepVerifier, Verdict, Verifier
from .file import ScoreFile, digest

AT_ONCE = 64
"""Rows that are scored together, and then written: what a kill costs at most."""
Row = tuple[Example, Mapping[str, Any]]
Added = Mapping[str, Any]
Make = Callable[[Verdict], Added | str]
"""What is added to a row, or why nothing can be."""


@dataclass
class Account:
    """What came of the rows."""

    earlier: int = 0
    """There already."""
    scored: int = 0
    same: int = 0
    """Of those, how many had the scores of an equal row."""
    unscored: Counter[str] = field(default_factory=Counter)
    """By reason, without its numbers."""
    first: dict[str, str] = field(default_factory=dict)
    """By reason, the first of them, in full."""
    usage: Usage = field(default_factory=Usage)
    beyond: int = 0
    """Rows that were there, and that the file which is scored has not."""

    def lines(self) -> list[str]:
        """In words, a line each."""
        earlier = f", {self.earlier} of them earlier" if self.earlier else ""
        same = f", {self.same} by an equal row" if self.same else ""
        lines = [f"{self.earlier + self.scored} solutions scored{earlier}{same}"]
        if self.beyond:
            lines.append(f"{self.beyond} of the earlier ones are none of this file's; they stay")
        usage = self.usage
        if usage.calls:
            tokens = usage.prompt_tokens + usage.completion_tokens
            lines.append(f"{usage.calls} calls, {tokens} tokens, {usage.seconds:.1f} s of scoring")
        lines += [
            f"not scored: {count}: {reason} (first: {self.first[reason]})"
            for reason, count in self.unscored.most_common()
        ]
        return lines

    def miss(self, where: str, reason: str) -> None:
        """A row has no scores."""
        kind = re.sub(r"\d[\d.e+-]*", "N", reason)
        self.unscored[kind] += 1
        self.first.setdefault(kind, f"{where}: {reason}" if where else reason)


def read_solutions(path: Path, bad: Bad) -> Iterator[Row]:
    """The rows of a file as examples, and as they are: those of the schema, labels or not, or
    ProcessBench's.

    Raises:
        InputError: there is no such file, or (unless `bad` skips) a row is bad.
    """
    for row, where in read_rows(path):
        try:
            ours = as_example(row) if isinstance(row, Mapping) else row
            example = from_row(ours, where)
        except Unfit as unfit:
            bad.row(where, unfit.reason, unfit.detail)
            continue
        yield example, ours


async def score_all(
    rows: Iterable[Row],
    verifier: Verifier,
    file: ScoreFile,
    make: Make,
    *,
    at_once: int = AT_ONCE,
    told: Callable[[Account], None] = lambda account: None,
) -> Account:
    """Score all rows that the file does not have. No solution is scored twice: an equal one, of
    this run or an earlier one, has its scores. What cannot be scored has no row, and is tried again
    by the next run.

    Raises:
        InputError, MissingError: the verifier cannot be had.
    """
    account = Account(earlier=file.held)
    new = (row for row in rows if file.takes(row[0]))
    while batch := list(islice(new, at_once)):
        found = await _added([one for one, _ in batch], verifier, file, make, account)
        for example, row in batch:
            key = digest(example)
            added = found[key]
            if isinstance(added, str):
                account.miss(example.where, added)
            else:
                account.same += key in file.known
                file.add(example, row, added)
                account.scored += 1
        file.flush()
        told(account)
    account.beyond = file.unmet
    return account


async def _added(
    batch: Sequence[Example], verifier: Verifier, file: ScoreFile, make: Make, account: Account
) -> dict[str, Added | str]:
    """What each of these gets, by its digest."""
    of = {digest(example): example for example in batch}
    new = {key: example for key, example in of.items() if key not in file.known}
    questions: dict[tuple[str, str], list[str]] = {}
    for key, example in new.items():
        questions.setdefault((example.question, example.prompt), []).append(key)
    judged = await asyncio.gather(
        *(
            judge(verifier, MathTask(id, prompt), [new[key] for key in keys])
            for (id, prompt), keys in questions.items()
        )
    )
    found: dict[str, Added | str] = {key: file.known[key] for key in of if key not in new}
    for keys, verdicts in zip(questions.values(), judged, strict=True):
        for key, verdict in zip(keys, verdicts, strict=True):
            account.usage += verdict.usage
            found[key] = make(verdict)
    return found


async def judge(verifier: Verifier, task: MathTask, some: Sequence[Example]) -> list[Verdict]:
    """Verdicts on some solutions of a question: by their steps where it judges steps, else whole,
    with an empty line between steps, as outcome models are fitted."""
    if isinstance(verifier, StepVerifier) and not whole(verifier):
        return await verifier.judge_steps(task, [example.steps for example in some])
    return await verifier.judge(task, ["\n\n".join(example.steps) for example in some])


def whole(verifier: Verifier) -> bool:
    """Whether it judges solutions as a whole."""
    judges_whole = isinstance(verifier, JudgeModel) and verifier.by == "solution"
    return judges_whole or not isinstance(verifier, StepVerifier)


SCORED = ("score", "scores")
SUPERVISED = ("labels", VERIFIED, "negative")


def scored(verdict: Verdict) -> Added | str:
    """The scores of a solution: as a whole, and of each step where there are such."""
    if verdict.score is None:
        return verdict.reason or "no score, and no reason"
    if not all(map(math.isfinite, (verdict.score, *verdict.steps))):
        return "the score is no number"
    return {"score": verdict.score, "scores": list(verdict.steps) or None}


def supervised(verifier: Verifier, above: float) -> Make:
    """Labels, verdict and p(negative) of each step, by `training.synthetic`.

    Raises:
        InputError: p(negative) cannot be known from that verifier's scores.
    """
    negative = negative_of(verifier)
    if whole(verifier):
        raise InputError(f"verifier {verifier.name}: by=solution gives steps no labels")

    def make(verdict: Verdict) -> Added | str:
        if verdict.score is None or not verdict.steps:
            return verdict.reason or "no scores, and no reason"
        values = [negative(score) for score in verdict.steps]
        try:
            found = supervise(values, above)
        except ValueError as error:
            return str(error)
        return {"labels": list(found.labels), VERIFIED: found.verified, "negative": values}

    return make
