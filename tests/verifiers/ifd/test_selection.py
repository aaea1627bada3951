"""The rules by which pairs are kept."""

import math

import pytest

from ponder.verifiers.ifd import Choice, keep_harder, keep_likelier, survives, top

NAN = math.nan


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (0.5, 0.6, True),
        (0.6, 0.5, False),
        (0.5, 0.5, False),  # a tie: the larger must be larger
        (0.5, None, False),
        (None, 0.5, False),  # nothing to compare with
        (0.5, NAN, False),
        (NAN, 0.5, False),
        (0.5, math.inf, False),
        (0.5, 1.5, True),  # misaligned: the last filter's business
        (1.5, 0.9, False),
    ],
)
def test_the_harder_instruction(old: float | None, new: float | None, changed: bool) -> None:
    assert keep_harder(old, new).changed is changed


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (0.6, 0.5, True),
        (0.5, 0.6, False),
        (0.5, 0.5, False),
        (0.5, 0.0, True),
        (0.5, None, False),  # the released script has 0 here, which wins
        (0.5, NAN, False),
        (None, 0.5, False),
        (1.2, 1.1, True),
    ],
)
def test_the_likelier_instruction(old: float | None, new: float | None, changed: bool) -> None:
    assert keep_likelier(old, new).changed is changed


@pytest.mark.parametrize(
    ("ifd", "rifd", "kept"),
    [
        (0.9, 0.9, True),
        (1.0, 0.9, False),  # strictly below
        (0.9, 1.0, False),
        (1.1, 0.9, False),
        (None, 0.9, False),
        (0.9, None, False),
        (NAN, 0.9, False),
        (0.0, 0.0, True),
    ],
)
def test_the_last_filter(ifd: float | None, rifd: float | None, kept: bool) -> None:
    assert survives(ifd, rifd).changed is kept


def test_a_choice_says_why() -> None:
    assert keep_harder(0.5, 0.75) == Choice(True, "IFD 0.75 > 0.5")
    assert keep_likelier(0.5, 0.5) == Choice(False, "r-IFD 0.5 = 0.5")
    assert keep_harder(0.5, None) == Choice(False, "the new pair's IFD was not scored")
    assert survives(1.25, 0.5) == Choice(False, "IFD 1.25 is not below 1")


@pytest.mark.parametrize(
    ("scores", "percent", "chosen"),
    [
        ([0.1, 0.9, 0.5, 0.7], 50, [1, 3]),
        ([0.1, 0.9, 0.5, 0.7], 1, [1]),  # one at least
        ([0.1, 0.9, 0.5, 0.7], 100, [0, 1, 2, 3]),
        ([0.5, 0.5, 0.5], 34, [0]),  # of equal ones the first
        ([1.0, 0.2, 3.0], 100, [1]),  # misaligned ones never
        ([None, NAN, 0.3], 100, [2]),
        ([None, 2.0], 50, []),
        ([], 5, []),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 50, [2, 3, 4]),  # 2.5: a half is rounded up
    ],
)
def test_the_hardest_of_all(scores: list[float | None], percent: float, chosen: list[int]) -> None:
    assert top(scores, percent) == chosen


def test_f_the_share_is_of_these_data_and_not_of_alpaca_s_52002() -> None:
    assert len(top([0.5] * 200, 5)) == 10


def test_g_exactly_1_is_not_kept_and_the_share_is_of_what_is_below() -> None:
    # Cherry_LLM skips what is above 1, so keeps 1 itself.
    assert top([1.0, 0.9, 0.8, 1.5], 50) == [1]


def test_h_superfiltering_d_s_first_cut_is_the_hardest_20_percent_and_no_other_is_made() -> None:
    # Its second, by facility location on embeddings down to 2 %, is not built (docs/ifd.md).
    scores = [n / 100 for n in range(100)]

    assert top(scores, 20) == list(range(80, 100))


@pytest.mark.parametrize("percent", [0, -1, 101, NAN])
def test_no_such_share(percent: float) -> None:
    with pytest.raises(ValueError, match="percent must be above 0"):
        top([0.5], percent)
