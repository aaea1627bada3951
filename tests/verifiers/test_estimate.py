"""Accuracies at every n, from one set of samples."""

import math
import random
from collections.abc import Sequence
from itertools import permutations

import pytest

from ponder.errors import InputError
from ponder.verifiers import Ballot, Sample, estimate, majority

RIGHT, WRONG = Sample(Ballot(0, 0.9), True), Sample(Ballot(1, 0.5), False)


def by_prm800k(
    questions: Sequence[Sequence[Sample]], n: int, trials: int, total: int, seed: int
) -> tuple[float, float]:
    """Its documented steps: fill up with None, shuffle, the first n, drop what is None or has no
    answer, the highest score; mean and standard deviation over trials."""
    rng = random.Random(seed)
    accuracies = []
    for _ in range(trials):
        passed = 0
        for samples in questions:
            padded: list[Sample | None] = list(samples) + [None] * (total - len(samples))
            rng.shuffle(padded)
            left = [s for s in padded[:n] if s is not None and s.ballot.answer is not None]
            best = max(left, key=lambda sample: sample.ballot.score or 0.0, default=None)
            passed += best is not None and best.right is True
        accuracies.append(passed / len(questions))
    mean = sum(accuracies) / trials
    return mean, math.sqrt(sum((each - mean) ** 2 for each in accuracies) / trials)


def test_best_of_n_is_estimated_as_prm800k_does() -> None:
    rng = random.Random(1)
    questions = [
        [
            Sample(Ballot(rng.randrange(3), rng.randrange(8) / 8), rng.random() < 0.4)
            for _ in range(rng.randrange(5, 20))
        ]
        for _ in range(6)
    ]

    for n in (1, 4, 20):
        (found,) = estimate(questions, ns=[n], trials=30, total=20, seed=7)

        expected = by_prm800k(questions, n, 30, 20, seed=7)
        assert (found.accuracy, found.deviation) == pytest.approx(expected)


def test_an_estimate_comes_near_the_truth() -> None:
    # Of 4 places, 1 right with the best score, 1 wrong: 2 of 4 draws of two have the right one.
    samples = [RIGHT, WRONG, None, None]
    truth = sum(RIGHT in order[:2] for order in permutations(samples)) / 24

    (found,) = estimate([[RIGHT, WRONG]], ns=[2], trials=4000, total=4)

    assert truth == 0.5
    assert found.accuracy == pytest.approx(truth, abs=0.03)
    assert found.deviation == pytest.approx(0.5, abs=0.01)


def test_samples_that_were_discarded_count_towards_n() -> None:
    alone, padded = (estimate([[RIGHT]], ns=[1], trials=500, total=total)[0] for total in (1, 10))

    assert alone.accuracy == 1.0
    assert padded.accuracy == pytest.approx(0.1, abs=0.05)


def test_the_same_seed_gives_the_same_estimate() -> None:
    questions = [[RIGHT, WRONG, WRONG]] * 3

    first, second = (estimate(questions, ns=[1, 2], trials=20, seed=3) for _ in range(2))

    assert first == second
    assert first != estimate(questions, ns=[1, 2], trials=20, seed=4)


def test_any_selection_can_be_estimated() -> None:
    samples = [RIGHT, WRONG, WRONG]

    (found,) = estimate([samples], select=majority, ns=[3], trials=10)

    assert found.accuracy == 0.0


def test_what_could_not_be_graded_is_counted_apart() -> None:
    (found,) = estimate([[Sample(Ballot(0, 0.9), None)], [RIGHT]], ns=[1], trials=3)

    assert (found.accuracy, found.ungraded) == (0.5, 0.5)


def test_a_question_without_a_choice_is_wrong() -> None:
    (found,) = estimate([[Sample(Ballot(0, None), True)], []], ns=[1], trials=3)

    assert (found.accuracy, found.ungraded) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("questions", "ns", "total"),
    [([], [1], None), ([[RIGHT]], [], None), ([[RIGHT]], [0], None), ([[RIGHT]], [1, 1], None)]
    + [([[RIGHT]], [4], 3), ([[RIGHT] * 5], [1], 4)],
)
def test_an_estimate_of_nothing_is_refused(
    questions: list[list[Sample]], ns: list[int], total: int | None
) -> None:
    with pytest.raises(InputError, match="an estimate"):
        estimate(questions, ns=ns, total=total)
