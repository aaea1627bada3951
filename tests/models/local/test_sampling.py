"""From logits to tokens."""

import random
from collections import Counter

import pytest
import torch

from ponder.models.local.sampling import Sampling, draw


def logits(rows: int, vocabulary: int = 5000) -> torch.Tensor:
    return 3 * torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(0))


def test_at_temperature_0_the_likeliest_is_taken() -> None:
    given = logits(4)

    assert draw(given, [Sampling(0)] * 4, [0.9] * 4) == given.argmax(-1).tolist()


def test_a_row_is_drawn_alone_as_among_others_whatever_they_ask() -> None:
    given = logits(32)
    how = [Sampling(i / 16, 40 * (i % 3), 1 - (i % 4) / 10) for i in range(32)]
    uniforms = [random.Random(i).random() for i in range(32)]

    together = draw(given, how, uniforms)

    rows = zip(given, how, uniforms, strict=True)
    assert together == [draw(row[None], [one], [u])[0] for row, one, u in rows]


def test_tokens_come_as_often_as_they_are_likely() -> None:
    chances = torch.tensor([0.5, 0.3, 0.15, 0.05])
    count = 4000

    uniforms = [(i + 0.5) / count for i in range(count)]

    drawn = draw(chances.log().expand(count, 4), [Sampling()] * count, uniforms)

    assert Counter(drawn) == {0: 2000, 1: 1200, 2: 600, 3: 200}


@pytest.mark.parametrize(
    ("sampling", "left"),
    [
        (Sampling(top_k=2), {0, 1}),
        (Sampling(top_p=0.5), {0}),
        (Sampling(top_p=0.6), {0, 1}),
        (Sampling(top_p=0.96), {0, 1, 2, 3}),
        (Sampling(top_k=3, top_p=0.9), {0, 1, 2}),
        (Sampling(top_k=99), {0, 1, 2, 3}),
    ],
)
def test_only_what_is_allowed_is_drawn(sampling: Sampling, left: set[int]) -> None:
    given = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()

    drawn = draw(given.expand(1000, 4), [sampling] * 1000, [i / 1000 for i in range(1000)])

    assert set(drawn) == left


def test_a_nucleus_beyond_the_likeliest_thousand_is_found() -> None:
    even = torch.zeros(1, 5000)

    drawn = {draw(even, [Sampling(top_p=0.9)], [i / 50])[0] for i in range(50)}

    assert len(drawn) == 50


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_what_cannot_come_is_not_drawn_at_either_end(uniform: float) -> None:
    given = torch.tensor([[-torch.inf, 0.0, 0.0, -torch.inf]])

    assert draw(given, [Sampling()], [uniform])[0] in {1, 2}
