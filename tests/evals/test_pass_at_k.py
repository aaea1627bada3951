from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ponder.evals.metrics import ks_for, pass_at_k


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"),
    [
        (5, 1, 1, 0.2),
        (5, 2, 2, 0.7),  # 1 - C(3,2)/C(5,2)
        (200, 1, 100, 0.5),
        (10, 10, 1, 1.0),
        (10, 0, 1, 0.0),
        (3, 0, 20, 0.0),  # where the classical code gives 1
        (3, 1, 20, 1.0),
        (3, 1, 3, 1.0),
        (0, 0, 1, 0.0),
        (4, 2, 0, 0.0),
    ],
)
def test_goldens(n: int, c: int, k: int, expected: float) -> None:
    assert pass_at_k(n, c, k) == pytest.approx(expected)


@settings(deadline=None)
@given(st.integers(0, 8), st.data())
def test_it_is_the_share_of_all_subsets_with_a_right_sample(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    subsets = list(combinations([True] * c + [False] * (n - c), k))

    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@settings(deadline=None)
@given(st.integers(0, 300), st.data())
def test_more_samples_are_never_worse(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(0, 400))

    assert 0.0 <= pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1) <= 1.0


@settings(deadline=None)
@given(st.integers(1, 50), st.data())
def test_samples_that_are_not_there_are_wrong_ones(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(n + 1, 200))

    assert pass_at_k(n, c, k) == float(c > 0)


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="0 <= c <= n"):
        pass_at_k(3, 4, 1)


def test_ks_go_up_to_the_most_samples_and_end_with_all_where_all_have_as_many() -> None:
    assert ks_for([225, 225]) == [1, 2, 5, 10, 20, 50, 100, 200, 225]
    assert ks_for([3, 47]) == [1, 2, 5, 10, 20]
    assert ks_for([10]) == [1, 2, 5, 10]
    assert ks_for([0, 0]) == ks_for([]) == []
