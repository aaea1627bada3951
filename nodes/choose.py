"""The last node of searches by score: one answer from all candidates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..verifiers import votes
from ..verifiers.votes import Ballot
from .classes import classes_of
from .context import Runtime
from .run import Run
from .select import Gathered, Solved, natural, solution
from .thought import Thought

Way = Literal["weighted", "best", "majority"]
RevisionWay = Literal["hierarchical", "weighted", "best", "majority"]
"""Of chains of revisions, too; all but "hierarchical" are of all their answers at once."""
WAYS: Mapping[Way, votes.Select] = {
    "weighted": votes.weighted,
    "best": votes.best_of_n,
    "majority": votes.majority,
}


@dataclass(frozen=True)
class Choose:
    """Chooses by the scores, by how many candidates agree, or by both (verifiers/votes.py), among
    those that pass the verifier if any does. Where nothing was scored, the most frequent is
    taken."""

    way: RevisionWay = "weighted"
    sweep: bool = False
    """Whether to say, too, what each way would choose among the first 1, 2, 4, … candidates."""

    async def __call__(self, state: Gathered, runtime: Runtime) -> Solved:
        """The solution."""
        run = runtime.context.run(state["run"])
        candidates = [run.thoughts[id] for id in sorted(set(state["candidates"]), key=natural)]
        cast = await ballots_of(run, candidates)
        place = _among_passing(cast, candidates, self._select)
        if candidates:
            run.finish()
        chosen = None if place is None else candidates[place]
        more = {"selections": _swept(cast, candidates)} if self.sweep else {}
        return {"solution": solution(run, chosen, candidates, **more)}

    def _select(self, cast: Sequence[Ballot], candidates: Sequence[Thought]) -> int | None:
        place = self._by_way(cast, candidates)
        return votes.majority(cast) if place is None else place

    def _by_way(self, cast: Sequence[Ballot], candidates: Sequence[Thought]) -> int | None:
        if self.way == "hierarchical":
            return _hierarchical(cast, candidates)
        return WAYS[self.way](cast)


Select = Callable[[Sequence[Ballot], Sequence[Thought]], int | None]


def _among_passing(
    cast: Sequence[Ballot], candidates: Sequence[Thought], select: Select
) -> int | None:
    """What is selected of those that pass; of all, if none does."""
    passing = [
        place for place, each in enumerate(candidates) if each.verdict and each.verdict.passed
    ]
    places = passing or range(len(candidates))
    best = select([cast[place] for place in places], [candidates[place] for place in places])
    return None if best is None else places[best]


async def ballots_of(run: Run, candidates: Sequence[Thought]) -> list[Ballot]:
    """What counts of each candidate.

    Raises:
        MissingError: what compares final answers is not installed.
    """
    classes = await classes_of(run, candidates)
    scores = [each.verdict.score if each.verdict else None for each in candidates]
    return votes.ballots(classes, scores)


def _hierarchical(cast: Sequence[Ballot], candidates: Sequence[Thought]) -> int | None:
    """Within each chain, then among the chains' picks. The first part of an id is its chain."""
    of: dict[str, list[int]] = {}
    for place, thought in enumerate(candidates):
        of.setdefault(thought.id.partition("/")[0], []).append(place)
    chains = list(of.values())
    best = votes.hierarchical([[cast[place] for place in chain] for chain in chains])
    return None if best is None else chains[best[0]][best[1]]


def _swept(cast: Sequence[Ballot], candidates: Sequence[Thought]) -> dict[str, dict[int, str]]:
    """Ids of what each way chooses of the first 1, 2, 4, …; what chooses nothing is left out."""
    swept: dict[str, dict[int, str]] = {}
    for way in WAYS:
        for n in (2**i for i in range(len(candidates).bit_length())):
            place = _among_passing(cast[:n], candidates[:n], Choose(way)._by_way)
            if place is not None:
                swept.setdefault(way, {})[n] = candidates[place].id
    return swept
