"""PRM800K's rules for equal answers: its own verdicts, and what its description says."""

import pytest

from ponder.tasks.plain_math import NotPlain, read_plain
from ponder.tasks.prm800k_grading import same

GOLDENS = [
    ("1/2", r"\frac{1}{2}", True),
    ("0.5", r"\frac12", True),
    ("3.0", "3", True),
    (r"\frac{2}{4}", r"\frac{1}{2}", False),
    ("(1,2)", "[1,2]", False),
    ("40000", r"40,\!000", True),
    ("x+1", "1+x", True),
    (r"2\sqrt{2}", r"\sqrt{8}", True),
    ("0.25", "1/4", True),
    ("10%", "10", True),
    ("5 cm", "5", True),
    ("", "", True),
    ("2^{3}", "8", False),
]
"""What the original says, run."""
DERIVED = [
    ("", "5", False),
    ("5", "", False),
    ("7 3/4", r"7\frac{3}{4}", True),
    ("31/4", r"7\frac{3}{4}", True),
    ("(1, 2)", "(1,2)", True),
    ("(0.5,1)", "(1/2,1)", True),
    ("(2/4,1)", "(1/2,1)", False),
    ("(1,2,3)", "(1,2)", False),
    ("[0,1)", "[0,1]", False),
    ("2,1", "1,2", False),
    ("k = 5", "5", True),
    ("abc=5", "5", False),
    (r"\text{Evelyn}", "Evelyn", True),
    ("EVELYN", "evelyn", True),
    ("4", "2^2", False),
    ("x^2-1", "(x-1)(x+1)", True),
    ("x^{10}", "x^{10}", True),
    ("x^10*x", "x^11", False),
    ("abc", "cba", False),
    ("3 and 4", "3 or 4", True),
    ("5 million", "5*10^6", True),
    ("1,234", "1234", True),
    ("1,234", "1,2,3,4", False),
    (r"45^\circ", "45", True),
    ("12 inches^2", "12", True),
    (r"\$5", "5", True),
    ("1/3", "0.333333", False),
    (r"2\pi", "2pi", True),
    (r"(-\infty,3]", "(-inf,3]", True),
    (r"\dfrac{1}{2}", r"\tfrac12", True),
    (r"\sqrt3", r"\sqrt{3}", True),
    ("{5}", "5", True),
    ("-  5", "-5", True),
    ("5.00000000001", "5", True),
    (r"\frac", "5", False),
    ("\ud800", "5", False),
    ("1" * 30, "1" * 29 + "2", False),
]


@pytest.mark.parametrize(("answer", "gold", "equal"), GOLDENS + DERIVED)
@pytest.mark.filterwarnings("ignore")
def test_answers_are_equal_as_prm800k_has_it(answer: str, gold: str, equal: bool) -> None:
    assert same(answer, gold) is equal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2sqrt(2)+x^2/3", "x**2/3 + 2*sqrt(2)"),
        ("1/2x", "x/2"),
        ("-x^2", "-x**2"),
        ("2^-1", "1/2"),
        ("2^3^2", "512"),
        ("x(x+1)", "x*(x + 1)"),
        ("2 3", "6"),
        ("5!", "120"),
        ("3.50", "7/2"),
        (".5", "1/2"),
        ("sqrt2", "sqrt(2)"),
        ("2pi r", "2*pi*r"),
        ("3·4 − 1", "11"),
    ],
)
def test_plain_mathematics_is_read(text: str, value: str) -> None:
    assert str(read_plain(text)) == value


@pytest.mark.parametrize("text", ["", "(", "1,2", "x=5", "x-", "٣", "²", "a.b", "__import__('os')"])
def test_anything_else_is_not(text: str) -> None:
    with pytest.raises(NotPlain):
        read_plain(text)
