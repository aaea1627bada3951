"""Where pauses are put in pretraining, and what is not learnt of them."""

import random
from collections import Counter

import pytest

from ponder.training.pauses.insertion import IGNORED, insert, labels_of, pretraining_row

PAUSE = 99


def test_the_labels_are_what_the_paper_learns_on_10_000_draws() -> None:
    rng = random.Random(0)
    for _ in range(10_000):
        real = [rng.randrange(9) for _ in range(rng.randint(1, 30))]
        made = insert(real, PAUSE, rng.randint(0, 12), rng)

        labels = labels_of(made, PAUSE)

        ignored = {k for k in range(len(made) - 1) if made[k + 1] == PAUSE}  # S_ignore
        learnt = {k: labels[k + 1] for k in range(len(made) - 1) if labels[k + 1] != IGNORED}
        assert learnt == {k: made[k + 1] for k in range(len(made) - 1) if k not in ignored}
        assert [id for id in made if id != PAUSE] == real


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_as_many_as_are_asked_for_and_nothing_lost(count: int) -> None:
    made = insert(range(20), PAUSE, count, random.Random(1))

    assert made.count(PAUSE) == count
    assert len(made) == 20 + count
    assert [id for id in made if id != PAUSE] == list(range(20))


def test_every_way_to_stand_is_equally_likely() -> None:
    rng = random.Random(2)
    draws = 20_000
    found = Counter(
        tuple(id == PAUSE for id in insert([1, 2, 3], PAUSE, 2, rng)) for _ in range(draws)
    )

    assert len(found) == 10  # C(5, 2)
    chi2 = sum((n - draws / 10) ** 2 / (draws / 10) for n in found.values())
    assert chi2 < 27.9  # 9 degrees of freedom, p = 0.001


@pytest.mark.parametrize(("length", "count"), [(10, 1), (100, 10), (2048, 205), (4, 0), (5, 0)])
def test_a_tenth_of_the_length_and_cut_back_to_it(length: int, count: int) -> None:
    real = list(range(1000, 1000 + length))
    counts = Counter[int]()
    for seed in range(200):
        made, labels = pretraining_row(real, PAUSE, 0.1, random.Random(seed))
        assert len(made) == len(labels) == length
        kept = [id for id in made if id != PAUSE]
        assert kept == real[: len(kept)]
        counts[made.count(PAUSE)] += 1

    assert max(counts) <= count == round(0.1 * length)
    assert count == 0 or max(counts) > 0.8 * count


def test_without_pauses_a_row_is_what_it_was() -> None:
    assert pretraining_row([1, 2, 3], PAUSE, 0.0, random.Random(0)) == ([1, 2, 3], [1, 2, 3])
