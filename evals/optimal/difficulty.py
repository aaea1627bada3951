"""How hard a question is for a model, and bins of equally many questions by that.

Paper: "Scaling LLM Test-Time Compute Optimally", section 3.2 (arXiv 2408.03314). There, 2048
samples a question; here any number, with its standard error said. The samples must be others than
those that strategies are measured on: bins made from a strategy's own answers sort its luck into
bins, and the choice inside a bin then finds a gain that is none, whatever the folds.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import InputError
from ...nodes.policy import Bins, mean_score


@dataclass(frozen=True, slots=True)
class Difficulty:
    """What a question's samples say of it: the higher, the easier."""

    value: float
    """Pass@1, or the mean of a verifier's scores."""
    error: float
    """Its standard error; infinite where one sample says nothing of it."""
    samples: int
    """That have a grade, or a score."""


def oracle(grades: Sequence[bool | None]) -> Difficulty | None:
    """Pass@1 of a question, from the grades of its samples; None where nothing could be graded.

    Its standard error is that of the rate (right + 1) / (samples + 2), so that none right of 16 is
    not taken for certain.
    """
    known = [grade for grade in grades if grade is not None]
    if not known:
        return None
    right, n = sum(known), len(known)
    smoothed = (right + 1) / (n + 2)
    return Difficulty(right / n, math.sqrt(smoothed * (1 - smoothed) / n), n)


def predicted(scores: Sequence[float | None]) -> Difficulty | None:
    """The mean score that a verifier gives to the final answers of a question's samples, which
    needs no gold answer; None where it scored nothing. What is no finite number is no score."""
    value = mean_score(scores)
    if value is None:
        return None
    known = [score for score in scores if score is not None and math.isfinite(score)]
    error = statistics.stdev(known) / math.sqrt(len(known)) if len(known) > 1 else math.inf
    return Difficulty(value, error, len(known))


@dataclass(frozen=True, slots=True)
class Binned:
    """Questions in bins of difficulty."""

    of: Mapping[str, int]
    """Each question's bin, by its rank. 1 is the easiest."""
    bins: Bins
    """The thresholds between them, for questions that are none of these."""
    astray: int
    """Of these questions, how many their thresholds would put into another bin: of equal values,
    ranks put some on either side. Where it is not 0, more samples a question are wanted."""

    def members(self, bin: int) -> list[str]:
        """The questions of a bin."""
        return [question for question, own in self.of.items() if own == bin]


def quantile_bins(values: Mapping[str, float], count: int = 5) -> Binned:
    """Bins of equal size, but for one question more or less; a value for each question by its id.

    Of equal values the order of the ids decides, so that the same questions always give the same
    bins. A threshold is half way between the values on its two sides.

    Raises:
        InputError: fewer questions than bins, no bin, or a value that is no finite number.
    """
    if count < 1 or len(values) < count:
        raise InputError(f"{len(values)} questions cannot be put into {count} bins")
    for question, value in values.items():
        if not math.isfinite(value):
            raise InputError(f"question {question}: its difficulty is {value}")
    ranked = sorted(values, key=lambda question: (-values[question], question))
    places = {question: 1 + place * count // len(ranked) for place, question in enumerate(ranked)}
    last = {places[question]: values[question] for question in ranked}
    first = {places[question]: values[question] for question in reversed(ranked)}
    bins = Bins(tuple((last[place] + first[place + 1]) / 2 for place in range(1, count)))
    astray = sum(bins.of(values[question]) != places[question] for question in ranked)
    return Binned({question: places[question] for question in values}, bins, astray)
