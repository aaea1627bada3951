"""Whether what a program printed is what was expected."""

from decimal import Decimal

from .answers import same_number
from .code_task import Comparison


def same_stdout(answer: str, expected: str, how: Comparison | None = None) -> bool:
    """Whether two outputs are the same but for white space at the ends of lines and of the whole.
    With a tolerance, numbers are compared as numbers.

    With `tokens_as_decimals`, LiveCodeBench's rule instead: white space goes at both ends of lines,
    and a line whose words are all decimal numbers is right if these are equal (1.50 is 1.5, but
    "a  b" is not "a b").
    """
    how = how or Comparison()
    if how.tokens_as_decimals:
        answers, wanted = (
            [line.strip() for line in text.strip().split("\n")] for text in (answer, expected)
        )
    else:
        answers, wanted = (
            [line.rstrip() for line in text.strip().splitlines()] for text in (answer, expected)
        )
    return len(answers) == len(wanted) and all(
        a == w or _same_line(a, w, how) for a, w in zip(answers, wanted, strict=True)
    )


def _same_line(answer: str, expected: str, how: Comparison) -> bool:
    if how.tokens_as_decimals:
        answers, wanted = _decimals(answer), _decimals(expected)
        return answers is not None and answers == wanted
    if not (how.absolute_tolerance or how.relative_tolerance):
        return False
    words, others = answer.split(), expected.split()
    return len(words) == len(others) and all(
        a == w or _same_word(a, w, how) for a, w in zip(words, others, strict=True)
    )


def _decimals(line: str) -> list[Decimal] | None:
    """The numbers of a line, or None if one of its words is none. To compare two is no work
    whatever their exponents: the orders of magnitude are looked at first."""
    try:
        numbers = [Decimal(word) for word in line.split()]
    except ArithmeticError:
        return None
    return None if any(number.is_snan() for number in numbers) else numbers


def _same_word(answer: str, expected: str, how: Comparison) -> bool:
    try:
        one, other = float(answer), float(expected)
    except ValueError:
        return False
    return same_number(one, other, how.absolute_tolerance, how.relative_tolerance)
