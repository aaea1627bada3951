"""What is measured of a reward model while it is fitted, on data that it is not fitted to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from ..errors import FitError
from ..models.local.passes import in_passes
from ..verifiers.aggregation import aggregate
from ..verifiers.prm import Format
from . import ranking
from .batches import collate
from .encoding import Encoded, Neutral, first_wrong, right
from .examples import Example
from .scoring import Scoring

Pairs = Sequence[tuple[Example, Encoded]]
Steps = tuple[float, ...]


@dataclass(frozen=True)
class Reader:
    """The scores that a model gives right now, as the same model will when it is loaded back."""

    scoring: Scoring
    format: Format
    pass_tokens: int

    @torch.inference_mode()
    def __call__(self, data: Sequence[Encoded]) -> tuple[list[Steps], float]:
        """Of each its scores at all positions, and the mean loss of those that have a target.

        Raises:
            FitError: a score or the loss is no number.
        """
        self.scoring.eval()
        device = next(self.scoring.parameters()).device
        scores: list[Steps] = [()] * len(data)
        total, count = 0.0, 0
        for some in in_passes([len(one.ids) for one in data], self.pass_tokens):
            batch = collate([data[index] for index in some], every=True)
            rows = batch["rows"].to(device)
            numbers = self.scoring(batch["input_ids"].to(device), rows, batch["columns"].to(device))
            if len(batch["targets"]):
                learnt = numbers[batch["learnt"].to(device)]
                losses = self.scoring.loss(learnt, batch["targets"].to(device))
                total, count = total + float(losses.double().sum()), count + len(losses)
            read = map(self.format.readout, numbers.tolist())
            for index in some:
                scores[index] = tuple(next(read) for _ in data[index].positions)
        for one, own in zip(data, scores, strict=True):
            if not all(map(math.isfinite, own)):
                raise FitError(DIVERGED.format(f"the score of {one.where or 'a solution'}"))
        return scores, mean_loss(total, count)


DIVERGED = "{} is no number any more where the model is measured; a lower lr, or fewer epochs"


def mean_loss(total: float, count: int) -> float:
    """The mean of a loss over so many positions; NaN of none.

    Raises:
        FitError: it is no number.
    """
    if not math.isfinite(total):
        raise FitError(DIVERGED.format("the loss"))
    return total / count if count else float("nan")


@dataclass
class Measuring:
    """Measures a model on validation data, a pool for best-of-n, and ProcessBench's rows."""

    reader: Reader
    neutral: Neutral
    outcome: bool
    validation: Pairs = ()
    pool: Pairs = ()
    processbench: Sequence[tuple[Encoded, int]] = ()
    """Each with the index of its first wrong step, or -1."""
    last: dict[str, float] = field(default_factory=dict)

    def __call__(self) -> Mapping[str, float]:
        """All there is, by name: numbers alone."""
        found: dict[str, float] = {}
        threshold: float | None = None
        if self.validation:
            scores, found["loss"] = self.reader([one for _, one in self.validation])
            found |= self._calibration(scores)
            if not self.outcome:
                best = ranking.best_threshold(*self._first_errors(scores))
                if best is not None:
                    threshold = best.threshold
                    found |= {"f1": best.f1, "threshold": best.threshold}
        if self.pool:
            found |= self._best_of_n()
        if self.processbench:
            found |= self._processbench(threshold)
        self.last = found
        return found

    def _calibration(self, scores: Sequence[Steps]) -> dict[str, float]:
        pairs = [
            (score, wanted)
            for (example, one), some in zip(self.validation, scores, strict=True)
            for score, wanted in self._labelled(example, one, some)
        ]
        found = ranking.calibration([p for p, _ in pairs], [y for _, y in pairs])
        return {} if found is None else {"ece": found.ece, "brier": found.brier, "mae": found.mae}

    def _labelled(self, example: Example, one: Encoded, scores: Steps) -> list[tuple[float, float]]:
        if self.outcome:
            return [] if example.correct is None else [(scores[-1], float(example.correct))]
        labels = example.labels or (None,) * len(scores)
        return [
            (score, right(label, self.neutral))
            for score, label in zip(scores, labels, strict=True)
            if label is not None
        ]

    def _first_errors(self, scores: Sequence[Steps]) -> tuple[list[Steps], list[int]]:
        """Of solutions that are labelled up to their first wrong step, or whole."""
        kept: list[Steps] = []
        labels: list[int] = []
        for (example, _), some in zip(self.validation, scores, strict=True):
            first = first_wrong(example, self.neutral)
            if first is not None:
                kept.append(some)
                labels.append(first)
        return kept, labels

    def _best_of_n(self) -> dict[str, float]:
        scores, _ = self.reader([one for _, one in self.pool])
        whole = [
            self._whole(example, some) for (example, _), some in zip(self.pool, scores, strict=True)
        ]
        questions = ranking.pooled(
            whole,
            [bool(example.correct) for example, _ in self.pool],
            [example.question for example, _ in self.pool],
        )
        groups = list(questions.values())
        found = {f"best_of_{n}": ranking.best_of_n(groups, n) for n in ranking.sizes(questions)}
        return {**found, "best_of_n": found[f"best_of_{max(ranking.sizes(questions))}"]}

    def _whole(self, example: Example, scores: Steps) -> float | None:
        unfinished = example.answer is None and self._answered
        return None if unfinished else aggregate(scores, self.reader.format.aggregate)

    @property
    def _answered(self) -> bool:
        """Whether the pool says what is answered: then a solution without an answer is unfinished,
        and as in openai/prm800k (issue 8) never chosen."""
        return any(example.answer is not None for example, _ in self.pool)

    def _processbench(self, threshold: float | None) -> dict[str, float]:
        scores, _ = self.reader([one for one, _ in self.processbench])
        labels = [label for _, label in self.processbench]
        found = ranking.first_error(scores, labels, 0.5 if threshold is None else threshold)
        if found is None:
            return {}
        return {
            "processbench_f1": found.f1,
            "processbench_wrong": found.wrong,
            "processbench_right": found.right,
        }
