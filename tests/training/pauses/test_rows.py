"""Rows of finetuning, and masks over their prefixes."""

import pytest
import torch

from ponder.training.examples import Unfit
from ponder.training.pauses.masks import prefix_mask
from ponder.training.pauses.rows import Row, finetuning_row

PAUSE, NOT = 99, -100


def test_the_target_alone_is_learnt_after_the_pauses() -> None:
    row = finetuning_row([1, 2, 3], [4, 5], PAUSE, 2, limit=20)

    assert row == Row((1, 2, 3, PAUSE, PAUSE, 4, 5), (NOT, NOT, NOT, NOT, NOT, 4, 5), 5)
    assert row.learnt == 2


def test_without_pauses_it_is_the_plain_row() -> None:
    assert finetuning_row([1, 2], [4], PAUSE, 0, 9) == Row((1, 2, 4), (NOT, NOT, 4), 2)


def test_what_is_too_long_loses_the_beginning_of_its_prompt_and_nothing_else() -> None:
    row = finetuning_row([1, 2, 3], [4, 5], PAUSE, 2, limit=6)

    assert row.ids == (2, 3, PAUSE, PAUSE, 4, 5)


@pytest.mark.parametrize(
    ("target", "why"), [([], "no token to learn"), ([4] * 4, "too long")], ids=["none", "long"]
)
def test_what_has_no_target_or_no_room_for_it_is_unfit(target: list[int], why: str) -> None:
    with pytest.raises(Unfit, match=why):
        finetuning_row([1], target, PAUSE, 2, limit=6)


def test_a_prefix_is_seen_both_ways_and_padding_by_nobody() -> None:
    sees = prefix_mask([3, 1], [4, 3]) == 0

    assert sees.shape == (2, 1, 4, 4)
    assert sees[0, 0].tolist() == [
        [True, True, True, False],
        [True, True, True, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
    assert sees[1, 0].tolist() == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],  # padding: whatever it sees
    ]
    assert torch.equal(prefix_mask([0], [3]) == 0, torch.ones(1, 1, 3, 3).tril().bool())
