"""Which of many answers to a question to give: selections over classes of answers and scores.

All are pure, and return the place of the candidate they choose. Three rules hold for all of them:

* A candidate without a final answer is never chosen where another has one: it was cut off, and a
  product of few steps favours it (openai/prm800k issue 8). Where none has one, each stands alone.
* A score that is None, NaN or infinite is no score. Candidates without one are left out wherever
  scores choose; `majority` counts them.
* Of what is equal the first wins, and the order is that of the candidates.

Compared with huggingface/search-and-learn, whose rules these are otherwise: there "" is an answer
and can win a vote, a NaN score can win, and sums depend on their order in the last digit.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ballot:
    """What counts of a candidate."""

    answer: int | None
    """The class of its final answer (see `tasks.classes`); None if it has none."""
    score: float | None = None
    """What a verifier gave it; None if it could not judge."""


Select = Callable[[Sequence[Ballot]], int | None]


def ballots(classes: Sequence[Sequence[int]], scores: Sequence[float | None]) -> list[Ballot]:
    """One ballot a candidate, from the classes of their answers (`tasks.classes`) and their scores.
    Without scores, give a None for each."""
    of = {place: number for number, places in enumerate(classes) for place in places}
    return [Ballot(of.get(place), score) for place, score in enumerate(scores)]


def best_of_n(candidates: Sequence[Ballot]) -> int | None:
    """The one with the highest score. None if none has a score.

    Let's Verify Step by Step, section 2.6; search-and-learn's "naive".
    """
    best: int | None = None
    for place in _scored(candidates):
        if best is None or _score(candidates[place]) > _score(candidates[best]):
            best = place
    return best


def weighted(candidates: Sequence[Ballot]) -> int | None:
    """The best of the class whose scores have the highest sum. None if none has a score.

    Best-of-n weighted of Scaling LLM Test-Time Compute Optimally (section 5.1). The sums are exact
    but for one rounding, so that classes with the same scores tie in whatever order they came.
    """
    found = _classes(candidates, _scored(candidates))
    if not found:
        return None
    sums = [math.fsum(_score(candidates[place]) for place in places) for places in found]
    winners = found[sums.index(max(sums))]
    return max(winners, key=lambda place: _score(candidates[place]))  # the first maximum


def majority(candidates: Sequence[Ballot]) -> int | None:
    """The first of the largest class. None if there are no candidates. Scores do not count."""
    found = _classes(candidates, _eligible(candidates))
    return max(found, key=len)[0] if found else None


def sweep(
    candidates: Sequence[Ballot], select: Select, ns: Iterable[int] | None = None
) -> dict[int, int | None]:
    """What is chosen of the first n, for each n: 1, 2, 4, … up to how many there are, if `ns` is
    None (as search-and-learn has it)."""
    ns = ns if ns is not None else [2**i for i in range(len(candidates).bit_length())]
    return {n: select(candidates[:n]) for n in ns}


def hierarchical(chains: Sequence[Sequence[Ballot]]) -> tuple[int, int] | None:
    """Which of several chains of revisions, and which of its answers. None if none has a score.

    Of each chain the pick of `weighted`; of these, again that of `weighted` (Scaling LLM Test-Time
    Compute Optimally, section 6). A class means the same in every chain. For a majority the paper
    votes over all answers of all chains at once: see `flat`.
    """
    picks = [(chain, weighted(chains[chain])) for chain in range(len(chains))]
    chosen = [(chain, place) for chain, place in picks if place is not None]
    best = weighted([chains[chain][place] for chain, place in chosen])
    return None if best is None else chosen[best]


def flat(chains: Sequence[Sequence[Ballot]], select: Select = majority) -> tuple[int, int] | None:
    """The same, of all answers of all chains at once."""
    places = [(chain, place) for chain, given in enumerate(chains) for place in range(len(given))]
    best = select([chains[chain][place] for chain, place in places])
    return None if best is None else places[best]


def _eligible(candidates: Sequence[Ballot]) -> list[int]:
    """Those with a final answer; all of them, where none has one."""
    answered = [n for n, candidate in enumerate(candidates) if candidate.answer is not None]
    return answered or list(range(len(candidates)))


def _scored(candidates: Sequence[Ballot]) -> list[int]:
    return [place for place in _eligible(candidates) if math.isfinite(_score(candidates[place]))]


def _score(candidate: Ballot) -> float:
    return math.nan if candidate.score is None else candidate.score


def _classes(candidates: Sequence[Ballot], places: Iterable[int]) -> list[list[int]]:
    """The places class by class, by first appearance; one without an answer is its own."""
    found: dict[tuple[bool, int], list[int]] = {}
    for place in places:
        answer = candidates[place].answer
        found.setdefault((answer is None, place if answer is None else answer), []).append(place)
    return list(found.values())
