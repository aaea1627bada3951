"""Equality of final answers by PRM800K's rules (openai/prm800k, `grading/grader.py`), made anew.

Conservative on purpose: it rejects some right answers, such as fractions that are not reduced. An
answer is right if (1) both sides are the same text after the MATH data set's normalisation, or (2)
after PRM800K's own, or (3) all their elements are, where a tuple, list or interval has several:
two fractions as text, a whole number with a whole number, and anything else if sympy finds their
difference to be 0.

Where this deviates: expressions are read by a parser of our own, never by Python's `eval`
(tasks/plain_math.py), and decimals exactly.

The string rules are plain Python; only `same` loads sympy and pylatexenc, in a grader's process.
"""

import importlib
import re
from functools import lru_cache
from typing import Any

INT_LIKE = 1e-7
"""How near a whole number is one."""
UNITS = "degree|cm|centimeter|meter|mile|second|minute|hour|day|week|month|year|foot|feet|inch|yard"
MAGNITUDES = {"million": "*10^6", "billion": "*10^9", "trillion": "*10^12"}
BRACKETS = "()[]"
UNSAFE = re.compile(r"\^\{|\^\(|\^[0-9]+\^|\^[0-9][0-9]+")
"""Powers that may be too large to work out."""
MOST_LETTERS = 2
"""Different ones, at most, in what sympy is asked about; more are words."""
WRAPPED = re.compile(r"\\text\{(.+?)\}", re.DOTALL)


def same_text(answer: str, gold: str) -> bool:
    """Rule (1): equal after MATH's normalisation. Two empty answers are equal."""
    return math_normalised(answer) == math_normalised(gold)


def same(answer: str, gold: str) -> bool:
    """All the rules."""
    if same_text(answer, gold):
        return True
    given, wanted = normalised(answer), normalised(gold)
    if given == wanted:
        return True
    if not given:
        return False
    elements, others = _elements(given), _elements(wanted)
    if len(others) > 1 and (given[0], given[-1]) != (wanted[0], wanted[-1]):
        return False
    return len(elements) == len(others) and all(map(_same_element, elements, others))


def math_normalised(answer: str) -> str:
    """The text in the normal form of the MATH data set's authors."""
    text = answer.strip()
    if wrapped := WRAPPED.fullmatch(text):
        text = wrapped[1].strip()
    for old, new in (
        ("\n", ""), ("\\!", ""), ("\\\\", "\\"), ("tfrac", "frac"), ("dfrac", "frac"),
        ("\\left", ""), ("\\right", ""), ("^{\\circ}", ""), ("^\\circ", ""), ("\\$", ""),
    ):  # fmt: skip
        text = text.replace(old, new)
    text = text.partition("\\text{ ")[0]  # a unit
    text = text.replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.")
    if text.startswith("."):
        text = "0" + text
    name, equals, value = text.partition("=")
    if equals and "=" not in value and len(name) <= 2:  # "k = 5"
        text = value
    text = re.sub(r"\\sqrt\s*([^\s{])", r"\\sqrt{\1}", text).replace(" ", "")
    text = _braced_fractions(text)
    if text == "0.5":
        text = "\\frac{1}{2}"
    if match := re.fullmatch(r"(-?\d+)/(-?\d+)", text, re.ASCII):
        text = f"\\frac{{{match[1]}}}{{{match[2]}}}"
    return text


def _braced_fractions(text: str) -> str:
    r"""\frac12 and \frac1{72} as \frac{1}{2} and \frac{1}{72}."""
    text = re.sub(r"\\frac([^{\s])([^{\s])", r"\\frac{\1}{\2}", text)
    return re.sub(r"\\frac([^{\s])\{", r"\\frac{\1}{", text)


@lru_cache(maxsize=1024)
def normalised(answer: str) -> str:
    """The text in PRM800K's own normal form. Loads pylatexenc if there is LaTeX in it."""
    text = answer
    if wrapped := WRAPPED.fullmatch(text):
        text = wrapped[1]
    text = text.replace("\\%", "").replace("\\$", "").replace("$", "").replace("%", "")
    text = text.replace(" or ", " , ").replace(" and ", " , ")
    for word, factor in MAGNITUDES.items():
        text = text.replace(word, factor)
    text = re.sub(rf"(?:{UNITS})(?:es)?s? *(?:\^[0-9]+)?", "", text)
    text = re.sub(r"\^ *\\circ", "", text)
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    text = re.sub(r",\\! *", "", text)
    text = _whole(text)
    if "\\" in text:
        text = _latex_as_text(text)
    text = re.sub(r"- +", "-", text)
    text = re.sub(r"([0-9]) +([0-9])", r"\1+\2", text.strip())  # "7 3/4"
    text = text.replace(" ", "").replace("{", "").replace("}", "").lower()
    return _whole(_without_thousands(text)) if _is_int(text) else text


def _whole(text: str) -> str:
    """3.0 as 3; anything but such a number as it is."""
    number = _float(text)
    if number is None or abs(number) >= 2**53 or abs(number - round(number)) > INT_LIKE:
        return text
    return str(round(number))


def _latex_as_text(text: str) -> str:
    latex: Any = importlib.import_module("pylatexenc.latex2text")
    text = text.replace("\\tfrac", "\\frac").replace("\\dfrac", "\\frac")
    text = text.replace("\\frac", " \\frac")  # a mixed number's two halves stay apart
    try:
        text = str(latex.LatexNodes2Text().latex_to_text(text))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return text  # malformed LaTeX: it is compared as it is written
    for sign, word in zip("√π∞∪·×", ("sqrt", "pi", "inf", "U", "*", "*"), strict=True):
        text = text.replace(sign, word)
    return text.strip()


def _elements(text: str) -> list[str]:
    """Those of a tuple, list or interval; otherwise the text alone."""
    text = _without_thousands(text)
    if len(text) > 2 and text[0] in BRACKETS and text[-1] in BRACKETS:
        inside = text[1:-1]
        if not any(bracket in inside for bracket in BRACKETS):
            return [element.strip() for element in inside.split(",")]
    return [text] if text else []


def _same_element(given: str, wanted: str) -> bool:
    if _is_fraction(given) and _is_fraction(wanted):
        return given == wanted  # so 2/4 is not 1/2
    if _is_int(given) != _is_int(wanted):
        return False
    difference = f"({wanted})-({given})"
    letters = set(filter(str.isalpha, difference.replace("sqrt", "").replace("frac", "")))
    if len(letters) > MOST_LETTERS or UNSAFE.search(difference):
        return False
    return _same_value(given, wanted)


def _same_value(given: str, wanted: str) -> bool:
    """Whether sympy finds the difference of two expressions to be 0."""
    sympy: Any = importlib.import_module("sympy")
    from . import plain_math

    try:
        one, other = _read(given), _read(wanted)
        if plain_math.apart(plain_math.value_of(one), plain_math.value_of(other)):
            return False
        return bool(sympy.simplify(one - other) == 0)
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        return False  # no expression, or one that sympy cannot work out


@lru_cache(maxsize=1024)
def _read(text: str) -> Any:
    from .plain_math import read_plain

    return read_plain(text)


def _without_thousands(text: str) -> str:
    """Without the commas of 1,234,567; those between other things stay."""
    while (without := re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", text, flags=re.ASCII)) != text:
        text = without
    return text


def _is_fraction(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+\.?/0*[1-9][0-9]*\.?", text) is not None


def _is_int(text: str) -> bool:
    number = _float(_without_thousands(text))
    return number is not None and abs(number - round(number)) <= INT_LIKE


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
