"""Answers whose equality is plain: the same text, or numbers in digits."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from .math_task import Grading
from .prm800k_grading import math_normalised

LONGEST = 1_000
"""Characters of an answer that is read. The longest gold answer of MATH has some 150."""
DIGITS = 15
"""Of a number that is compared here."""
NEAR = 2e-6
"""Numbers with a decimal point that are nearer than this are left to the graders, which round."""
FENCES = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
SPELLINGS = (
    ("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\!", ""), ("{,}", ","), ("\\$", "$"),
    ("°", "^\\circ"), ("−", "-"), ("\\left(", "("), ("\\right)", ")"),
    ("\\left[", "["), ("\\right]", "]"),
)  # fmt: skip
DECIMAL = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+"
NUMBER = re.compile(DECIMAL, re.ASCII)
RATIO = re.compile(
    r"([-+]?)(?:\\frac\{([-+]?\d+)\}\{(\d+)\}|\\frac(\d)(\d)|(\d+) ?/ ?(\d+))", re.ASCII
)
WORD = r"[A-Za-z]{2,}"
AMOUNT = re.compile(
    rf"\$? ?({DECIMAL})(?: ?(?:\\text\{{ ?)?({WORD}(?: {WORD}){{0,7}})\.? ?\}}?)?", re.ASCII
)
"""A price, or a number with a unit in words."""
FACTORS = frozenset(
    ("hundred", "thousand", "million", "billion", "trillion", "dozen", "percent", "pct")
    + ("percentage", "and", "or", "to", "pi", "sqrt")
)
"""Words after a number that change it."""


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer, and what is plain of it."""

    text: str
    """What a grader reads, without the words of a unit."""
    grading: Grading
    form: str
    """The text in a normal form by which equal ones are equal, with its unit."""
    number: Fraction | None = None
    decimal: bool = False
    """Whether the number is written with a point."""
    unit: str = ""
    """The words after the number. Where the other answer has none, they say nothing ("18 dollars"
    is 18, which Math-Verify takes for a product of letters)."""

    @property
    def key(self) -> object:
        """Answers with equal keys are equal."""
        return self.form if self.number is None or self.unit else self.number


def plain(answer: str, grading: Grading) -> Plain:
    """The answer in a normal form of which every difference is left to the grading."""
    if len(answer) > LONGEST:
        return Plain(answer.strip(), grading, answer.strip())
    if grading == "prm800k":
        return _plain_prm800k(answer)
    text = tidy(answer)
    if amount := AMOUNT.fullmatch(text):
        unit = (amount[2] or "").lower()
        number = None if FACTORS & set(unit.split()) else _decimal(amount[1])
        if number is not None:
            return Plain(amount[1], grading, text, number, "." in amount[1], unit)
    return Plain(text, grading, text, _ratio(text))


def _ratio(text: str) -> Fraction | None:
    """Of two whole numbers."""
    ratio = RATIO.fullmatch(text)
    if ratio is None:
        return None
    sign, over, under = ratio[1], *(part for part in ratio.groups()[1:] if part)
    if max(len(over), len(under)) > DIGITS or not int(under):
        return None
    return Fraction(int(over), int(under)) * (-1 if sign == "-" else 1)


def _plain_prm800k(answer: str) -> Plain:
    """Its rules keep 2/4 from 1/2, so that only digits are numbers here."""
    text = answer.strip()
    number = _decimal(text)
    form = math_normalised(text)
    return Plain(text, "prm800k", form, number, number is not None and "." in text)


def tidy(answer: str) -> str:
    """An answer without what says nothing: white space, dollar signs, the full stop of its
    sentence, other spellings of the same LaTeX."""
    text = " ".join(answer.split())
    if text.endswith(".") and not text.endswith("\\."):
        text = text[:-1].rstrip()
    for opening, closing in FENCES:
        inside = text[len(opening) : -len(closing)]
        if text.startswith(opening) and text.endswith(closing) and opening not in inside:
            text = inside.strip()
    for spelling, usual in SPELLINGS:
        text = text.replace(spelling, usual)
    return text


def quick(answer: Plain, gold: Plain) -> bool | None:
    """Whether two answers are equal, where that is plain; None where a grader has to say."""
    one, other = answer.number, gold.number
    if one is not None and other is not None:
        if answer.unit and gold.unit and answer.unit != gold.unit:
            return None  # 10 AM and 10 PM, 100 cm and 1 meter
        if one == other:
            return True
        decimals = answer.decimal or gold.decimal
        return None if decimals and abs(one - other) < NEAR else False
    if answer.form == gold.form:
        return bool(answer.form) or answer.grading == "prm800k"
    return None if answer.text and gold.text else False


def _decimal(text: str) -> Fraction | None:
    if len(text) > 2 * DIGITS or not NUMBER.fullmatch(text):
        return None
    digits = text.replace(",", "")
    return Fraction(Decimal(digits)) if sum(map(str.isdigit, digits)) <= DIGITS else None
