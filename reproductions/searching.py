"""Beam and lookahead search over lines, of many questions at once.

Round for round what ponder.graphs.beam_search and lookahead_search do for one question (a test
has both do the same with one scripted writer); there a step is a call, here a round of all
questions is. Unlike there, a line that is cut off is not asked for again, and after `ROUNDS` what
is unfinished is dropped rather than written to its end: no question needs as many.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from ponder.verifiers.votes import Ballot, weighted
from reproductions.arithmetic import STEP, Question, Solution
from reproductions.sampling import Sampler

ROUNDS = 12
LONGEST = 16
"""Tokens of a line at most."""
Score = Callable[[Sequence[Solution]], Sequence[float | None]]
"""A number for each solution, or its beginning: the higher, the better. None: cannot say."""


@dataclass(frozen=True, slots=True)
class Node:
    """Some lines of a solution, and their place in the search."""

    question: Question
    id: str = ""
    lines: tuple[str, ...] = ()
    ended: bool = False

    def child(self, number: int) -> "Node":
        """The next line, to be written."""
        return Node(self.question, f"{self.id}/s{number}" if self.id else f"s{number}", self.lines)

    @property
    def solution(self) -> Solution:
        """As a verifier gets it."""
        return Solution(self.question, self.lines, self.ended)


class Writer(Protocol):
    """What writes the next line of each; None where nothing came of it."""

    def __call__(self, nodes: Sequence[Node], *, greedy: bool = False) -> list[Node | None]:
        """At temperature 0 if `greedy`."""


@dataclass
class Tree:
    """The search for one question."""

    root: Node
    beams: list[Node] = field(default_factory=list)
    finished: list[tuple[Node, float | None]] = field(default_factory=list)
    over: bool = False

    def asked(self, samples: int) -> list[Node]:
        """The lines of a round, dealt out to the beams in turn."""
        beams = self.beams or [self.root]
        count = len(beams)
        return [beams[i % count].child(i // count + 1) for i in range(samples)]

    def keep(self, scored: Sequence[tuple[Node, float | None]], samples: int, beams: int) -> None:
        """The best go on, in the order they were written; of equal ones the earlier."""
        ended = [pair for pair in scored if pair[0].ended]
        grown = [pair for pair in scored if not pair[0].ended]
        self.finished = [*self.finished, *ended][:samples]
        ranked = sorted(range(len(grown)), key=lambda i: _rank(grown[i][1]), reverse=True)
        self.beams = [grown[i][0] for i in sorted(ranked[:beams])]
        self.over = len(self.finished) == samples or not self.beams


def search(
    questions: Sequence[Question],
    write: Writer,
    score: Score,
    *,
    samples: int,
    width: int,
    lookahead: int = 0,
) -> list[list[tuple[Solution, float | None]]]:
    """The candidates of each question, with their scores: N = `samples`, M = `width`,
    k = `lookahead`."""
    trees = [Tree(Node(one)) for one in questions]
    for _ in range(ROUNDS):
        active = [tree for tree in trees if not tree.over]
        if not active:
            break
        asked = [tree.asked(samples) for tree in active]
        written = iter(write([node for some in asked for node in some]))
        grown = [[node for node in (next(written) for _ in some) if node] for some in asked]
        ends = _look_ahead([node for some in grown for node in some], write, lookahead)
        scores = iter(score([node.solution for node in ends]))
        for tree, some in zip(active, grown, strict=True):
            tree.keep([(node, next(scores)) for node in some], samples, samples // width)
    return [[(node.solution, own) for node, own in tree.finished] for tree in trees]


def _look_ahead(nodes: list[Node], write: Writer, steps: int) -> list[Node]:
    """Where each leads in so many more lines, or as far as it comes."""
    ends = list(nodes)
    for _ in range(steps):
        going = [place for place, node in enumerate(ends) if not node.ended]
        for place, further in zip(going, write([ends[i] for i in going], greedy=True), strict=True):
            ends[place] = further or ends[place]
    return ends


def _rank(score: float | None) -> tuple[bool, float]:
    return (score is not None, score or 0.0)


def chosen(candidates: Sequence[tuple[Solution, float | None]]) -> Solution | None:
    """By best-of-n weighted: the answer of the largest sum of scores."""
    known = {one.answer: place for place, (one, _) in enumerate(candidates)}
    ballots = [
        Ballot(None if one.answer is None else known[one.answer], score)
        for one, score in candidates
    ]
    place = weighted(ballots)
    return None if place is None else candidates[place][0]


@dataclass
class Model:
    """A sampler as a writer."""

    sampler: Sampler
    temperature: float = 1.0

    def __post_init__(self) -> None:
        words = self.sampler.words
        self._newline = words.convert_tokens_to_ids(STEP)
        self._ids = lru_cache(maxsize=None)(self._encode)

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self.sampler.words.encode(text, add_special_tokens=False))

    def prefix(self, question: Question, lines: Sequence[str]) -> tuple[int, ...]:
        """The tokens before the next line."""
        begin = (self.sampler.words.bos_token_id, *self._ids(question.text))
        return begin + tuple(id for line in lines for id in self._ids(line + STEP))

    def __call__(self, nodes: Sequence[Node], *, greedy: bool = False) -> list[Node | None]:
        """See `Writer`. What has the same beginning is read once."""
        places: dict[tuple[int, ...], list[int]] = {}
        for place, node in enumerate(nodes):
            places.setdefault(self.prefix(node.question, node.lines), []).append(place)
        groups: dict[int, list[tuple[int, ...]]] = {}
        for prefix, some in places.items():
            groups.setdefault(1 if greedy else len(some), []).append(prefix)
        found: list[Node | None] = [None] * len(nodes)
        temperature = 0.0 if greedy else self.temperature
        for n, prefixes in groups.items():
            replies = self.sampler.sample(
                prefixes, n=n, temperature=temperature, stop=self._newline, most=LONGEST
            )
            for prefix, own in zip(prefixes, replies, strict=True):
                for number, place in enumerate(places[prefix]):
                    found[place] = self._grown(nodes[place], own[number % len(own)])
        return found

    def _grown(self, node: Node, ids: list[int]) -> Node | None:
        ended = ids[-1] == self.sampler.words.eos_token_id
        if not ended and ids[-1] != self._newline:
            return None
        line = self._line(tuple(ids[:-1]))
        if not line.strip():  # an answer may end with nothing more, once there is something
            return Node(node.question, node.id, node.lines, True) if ended and node.lines else None
        return Node(node.question, node.id, (*node.lines, line), ended)

    def _line(self, ids: tuple[int, ...]) -> str:
        return str(self.sampler.words.decode(ids, skip_special_tokens=True))
