"""When what was printed is what was expected."""

import pytest

from ponder.tasks import Comparison, same_stdout

DECIMALS = Comparison(tokens_as_decimals=True)
CLOSE = Comparison(absolute_tolerance=1e-4)


@pytest.mark.parametrize(
    ("how", "answer", "expected"),
    [
        (None, "1 \n2\n\n", "1\n2"),
        (CLOSE, "0.3000001 x", "0.3 x"),
        (Comparison(relative_tolerance=1e-3), "1000.5", "1000"),
        (DECIMALS, "1.50", "1.5"),
        (DECIMALS, "1  2", "1 2"),
        (DECIMALS, "  yes  \n1e2\n", "yes\n100"),
        (DECIMALS, "nan", "nan"),
        (DECIMALS, "1.0\x0c", "1"),
    ],
)
def test_outputs_that_are_the_same(how: Comparison | None, answer: str, expected: str) -> None:
    assert same_stdout(answer, expected, how)


@pytest.mark.parametrize(
    ("how", "answer", "expected"),
    [
        (None, "1\n\n2", "1\n2"),
        (None, "yes", "Yes"),
        (None, "1.50", "1.5"),
        (CLOSE, "0.301", "0.3"),
        (CLOSE, "1 2", "1"),
        (DECIMALS, "a  b", "a b"),
        (DECIMALS, "YES", "yes"),
        (DECIMALS, "1.0000001", "1"),
        (DECIMALS, "1\n2", "1 2"),  # another count of lines
        (DECIMALS, "1\n\n2", "1\n2"),
        (DECIMALS, "1 2 3", "1 2"),
        (DECIMALS, "1 nan", "1  nan"),
        (DECIMALS, "", "0"),
    ],
)
def test_outputs_that_are_not(how: Comparison | None, answer: str, expected: str) -> None:
    assert not same_stdout(answer, expected, how)
