"""Selections: equal to the rules that peers document, but for what is said to differ."""

import math
import random
from collections.abc import Sequence

import pytest

from ponder.verifiers import (
    Ballot,
    aggregate,
    ballots,
    best_of_n,
    flat,
    hierarchical,
    majority,
    sweep,
    weighted,
)
from ponder.verifiers.aggregation import Aggregate
from ponder.verifiers.votes import Select

NAN = math.nan
Vote = tuple[str | None, float | None]
"""An answer and a score, as the fixtures have them."""

FIXTURES: dict[str, list[Vote]] = {
    "plain": [("1", 0.2), ("2", 0.9), ("1", 0.8), ("1", 0.1)],
    "scores tie": [("1", 0.5), ("2", 0.5), ("3", 0.5)],
    "sums tie": [("1", 0.25), ("2", 0.75), ("1", 0.5), ("3", 0.1)],
    "votes tie": [("2", 0.1), ("1", 0.9), ("1", 0.2), ("2", 0.3)],
    "all the same": [("1", 0.5)] * 8,
    "one": [("1", 0.0)],
    "zeros": [("1", 0.0), ("2", 0.0), ("2", 0.0)],
    "negative": [("1", -0.5), ("2", -0.25), ("2", -0.5)],
    "five": [("1", 0.3), ("2", 0.2), ("2", 0.2), ("1", 0.3), ("3", 0.7)],
}


def drawn(seed: int) -> list[Vote]:
    """Sixteen candidates with few answers and coarse scores, so that much is tied."""
    rng = random.Random(seed)
    return [(str(rng.randrange(4)), rng.randrange(5) / 4) for _ in range(16)]


ALIKE = [*FIXTURES.values(), *map(drawn, range(100))]


def cast(votes: Sequence[Vote]) -> list[Ballot]:
    numbers: dict[str, int] = {}
    return [
        Ballot(None if answer is None else numbers.setdefault(answer, len(numbers)), score)
        for answer, score in votes
    ]


def answer_of(votes: Sequence[Vote], place: int | None) -> str | None:
    return None if place is None else votes[place][0]


# What search-and-learn documents, over (answer, score) pairs that are whole.


def naive_of_peer(votes: Sequence[Vote]) -> str | None:
    scores = [score or 0.0 for _, score in votes]
    return votes[scores.index(max(scores))][0]


def weighted_of_peer(votes: Sequence[Vote]) -> str | None:
    sums: dict[str | None, float] = {}
    for answer, score in votes:
        sums[answer] = sums.get(answer, 0.0) + (score or 0.0)
    return next(answer for answer, total in sums.items() if total == max(sums.values()))


def majority_of_peer(votes: Sequence[Vote]) -> str | None:
    answers = [answer for answer, _ in votes]
    most = max(answers.count(answer) for answer in answers)
    return next(answer for answer in answers if answers.count(answer) == most)


@pytest.mark.parametrize(
    ("select", "peer"),
    [
        (best_of_n, naive_of_peer),
        (weighted, weighted_of_peer),
        (majority, majority_of_peer),
    ],
)
def test_selections_are_search_and_learn_s_at_every_n(select: Select, peer: object) -> None:
    assert callable(peer)
    for votes in ALIKE:
        found = sweep(cast(votes), select)

        assert list(found) == [n for n in (1, 2, 4, 8, 16) if n <= len(votes)]
        for n, place in found.items():
            assert answer_of(votes, place) == peer(votes[:n])


def eval_of_peer(votes: Sequence[Vote | None]) -> str | None:
    """prm800k: without those that were discarded or have no answer, the first highest score."""
    left = [vote for vote in votes if vote is not None and vote[0] is not None]
    best: Vote | None = None
    for vote in left:
        if best is None or (vote[1] or 0.0) > (best[1] or 0.0):
            best = vote
    return best[0] if best else None


def test_best_of_n_is_prm800k_s_among_what_has_an_answer() -> None:
    for seed in range(100):
        rng = random.Random(seed)
        votes = [(answer if rng.random() < 0.7 else None, score) for answer, score in drawn(seed)]
        for n in range(1, 17):
            if any(answer is not None for answer, _ in votes[:n]):
                assert answer_of(votes, best_of_n(cast(votes[:n]))) == eval_of_peer(votes[:n])


@pytest.mark.parametrize("how", ["min", "last"])
def test_steps_and_selections_together_are_openr_s(how: Aggregate) -> None:
    """Its prm_min_max, prm_min_vote, prm_last_max and prm_last_vote: a score a solution, then the
    answer of the highest one, or with the highest sum."""
    for seed in range(50):
        rng = random.Random(seed)
        answers = [str(rng.randrange(3)) for _ in range(8)]
        steps = [[rng.randrange(1, 9) / 8 for _ in range(rng.randrange(1, 5))] for _ in range(8)]
        scores = [min(each) if how == "min" else each[-1] for each in steps]
        sums = {
            each: sum(s for s, a in zip(scores, answers, strict=True) if a == each)
            for each in answers
        }
        places = [
            [n for n, a in enumerate(answers) if a == each] for each in dict.fromkeys(answers)
        ]

        candidates = ballots(places, [aggregate(each, how) for each in steps])

        best, voted = best_of_n(candidates), weighted(candidates)
        assert best is not None
        assert voted is not None
        assert answers[best] == answers[scores.index(max(scores))]
        assert answers[voted] == max(sums, key=lambda each: sums[each])


def test_where_peers_choose_none_or_an_empty_answer_one_with_an_answer_is_chosen() -> None:
    votes: list[Vote] = [(None, 0.9), (None, 0.9), ("1", 0.1)]

    assert [select(cast(votes)) for select in (best_of_n, weighted, majority)] == [2, 2, 2]


def test_where_no_candidate_has_an_answer_each_stands_alone() -> None:
    votes: list[Vote] = [(None, 0.2), (None, 0.9), (None, 0.8)]

    assert [select(cast(votes)) for select in (best_of_n, weighted, majority)] == [1, 1, 0]


@pytest.mark.parametrize("nothing", [None, NAN, math.inf, -math.inf])
def test_where_peers_choose_a_score_that_is_none_it_is_left_out(nothing: float | None) -> None:
    votes: list[Vote] = [("1", nothing), ("1", nothing), ("2", 0.1), ("1", nothing)]

    assert best_of_n(cast(votes)) == 2
    assert weighted(cast(votes)) == 2
    assert majority(cast(votes)) == 0


@pytest.mark.parametrize("votes", [[], [("1", None), (None, 0.9), ("2", NAN)]])
def test_without_a_score_scores_choose_nothing(votes: list[Vote]) -> None:
    assert best_of_n(cast(votes)) is None
    assert weighted(cast(votes)) is None
    assert majority(cast(votes)) == (0 if votes else None)


def test_where_peers_break_ties_by_rounding_the_first_class_wins() -> None:
    votes: list[Vote] = [("1", 0.3), ("2", 0.1), ("1", 0.2), ("2", 0.2), ("1", 0.1), ("2", 0.3)]

    assert weighted_of_peer(votes) == "2"  # 0.1 + 0.2 + 0.3 > 0.3 + 0.2 + 0.1
    assert answer_of(votes, weighted(cast(votes))) == "1"


def test_weighted_gives_the_best_of_the_winning_class() -> None:
    votes: list[Vote] = [("1", 0.3), ("2", 0.8), ("1", 0.6), ("1", 0.6)]

    assert weighted(cast(votes)) == 2


def test_majority_gives_the_first_of_the_winning_class() -> None:
    votes: list[Vote] = [("2", 0.9), ("1", 0.1), ("1", 0.6)]

    assert majority(cast(votes)) == 1


def test_ballots_come_from_classes_and_scores() -> None:
    assert ballots([[0, 2], [3]], [0.1, 0.2, None, 0.4]) == [
        Ballot(0, 0.1),
        Ballot(None, 0.2),
        Ballot(0, None),
        Ballot(1, 0.4),
    ]


def test_a_sweep_may_name_its_sizes() -> None:
    votes: list[Vote] = [("1", 0.1), ("1", 0.2), ("1", 0.3)]

    assert sweep(cast(votes), best_of_n, [1, 3]) == {1: 0, 3: 2}
    assert sweep([], best_of_n) == {}


def chains(*given: list[tuple[int | None, float | None]]) -> list[list[Ballot]]:
    return [[Ballot(answer, score) for answer, score in chain] for chain in given]


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        # Sums 0.9, 0.7 in the first chain: its pick is (7, 0.5). 0.8 in the second: (8, 0.8).
        (chains([(7, 0.5), (8, 0.7), (7, 0.4)], [(8, 0.8)]), (1, 0)),
        # Picks (7, 0.5), (8, 0.8), (7, 0.4): 7 has 0.9, and its best is the first chain's.
        (chains([(7, 0.5), (7, 0.2)], [(8, 0.8)], [(9, 0.1), (7, 0.4)]), (0, 0)),
        # The picks are 7 with 0.6 and 8 with 0.6: the first chain's wins.
        (chains([(7, 0.6)], [(8, 0.6)]), (0, 0)),
        # A chain without an answer or a score has no pick where others have.
        (chains([(None, 0.9)], [(7, None)], [(8, 0.1)], []), (2, 0)),
        (chains([(None, 0.9), (7, 0.1)]), (0, 1)),
        (chains([(None, 0.2)], [(None, 0.9), (None, 0.1)]), (1, 0)),
        (chains([(7, None)], []), None),
        ([], None),
    ],
)
def test_chains_are_chosen_from_twice(
    given: list[list[Ballot]], chosen: tuple[int, int] | None
) -> None:
    assert hierarchical(given) == chosen


def test_twice_is_not_once() -> None:
    # Flat, 7 has 1.2 and 8 has 1.0; by chains, 7 is one pick of 0.5, and 8 two picks of 0.5.
    given = chains([(7, 0.5), (7, 0.4), (7, 0.3)], [(8, 0.5)], [(8, 0.5)])

    assert hierarchical(given) == (1, 0)
    assert flat(given, weighted) == (0, 0)


def test_a_majority_is_over_all_chains_at_once() -> None:
    # By chains 7 would win, 2 to 1; of all answers 8 is the most frequent.
    given = chains([(7, 0.1), (7, 0.1), (8, 0.9)], [(7, 0.5), (7, 0.5), (8, 0.1)], [(8, 0.1)] * 3)

    assert flat(given) == (0, 2)
    assert flat([]) is None
