"""Plain arithmetic and algebra ("2sqrt(2) + x^2/3") as a sympy expression.

A parser of our own: sympy's reads text by Python's `eval`, and what a model wrote is never
evaluated. The grammar is that of sympy's implicit multiplication: a product without a sign binds as
one with it ("1/2x" is x/2), names are functions or else products of letters, decimals are exact.

Loaded in a grader's process (tasks/grader.py), since it imports sympy.
"""

import cmath
import importlib
import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

sympy: Any = importlib.import_module("sympy")

TOKEN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+|\*\*|[a-z]+|[^\s])", re.ASCII | re.IGNORECASE)
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": sympy.sqrt,
    "ln": sympy.log,
    "log": sympy.log,
    "exp": sympy.exp,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
}
NAMES = {"pi": sympy.pi}
SIGNS = {"×": "*", "·": "*", "÷": "/", "−": "-", "^": "**", "√": "sqrt", "π": "pi"}


class NotPlain(ValueError):
    """The text is not of this grammar."""


def read_plain(text: str) -> Any:
    """The expression that a text is.

    Raises:
        NotPlain: it is none.
    """
    reader = _Reader(text)
    value = reader.sum()
    if reader.token is not None:
        raise NotPlain(f"{reader.token[:20]!r} was not expected")
    return value


@lru_cache(maxsize=1024)
def value_of(expression: Any) -> complex | None:
    """An expression's value where each of its variables has some fixed one; None if it has none.

    Two expressions whose values are apart are not equal, which is found out in no time: to find no
    simplification that makes them equal takes long.
    """
    place = {
        symbol: sympy.Float(0.3 + zlib.crc32(str(symbol).encode()) / 2**32)
        for symbol in expression.free_symbols
    }
    try:
        value = complex(expression.evalf(15, subs=place))
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return None
    return value if cmath.isfinite(value) else None


def apart(one: complex | None, other: complex | None) -> bool:
    """Whether there are two values, and no rounding (Math-Verify's is to 6 decimals) makes them
    equal."""
    if one is None or other is None:
        return False
    return abs(one - other) > 1e-4 * max(1.0, abs(one), abs(other))


class _Reader:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str) -> None:
        tokens = (SIGNS.get(token, token) for token in TOKEN.findall(text))
        self._rest = iter(list(tokens))
        self.token: str | None = None
        self._next()

    def _next(self) -> str:
        token, self.token = self.token, next(self._rest, None)
        return token or ""

    def _take(self, *tokens: str) -> str | None:
        return self._next() if self.token in tokens else None

    def sum(self) -> Any:
        value = self._product()
        while sign := self._take("+", "-"):
            other = self._product()
            value = value + other if sign == "+" else value - other
        return value

    def _product(self) -> Any:
        value = self._signed()
        while True:
            if self._take("*"):
                value = value * self._signed()
            elif self._take("/"):
                value = value / self._signed()
            elif self.token and (self.token == "(" or self.token[0].isalnum()):  # noqa: S105
                value = value * self._power()
            else:
                return value

    def _signed(self) -> Any:
        if self._take("-"):
            return -self._signed()
        self._take("+")
        return self._power()

    def _power(self) -> Any:
        base = self._factorial()
        return base ** self._signed() if self._take("**") else base

    def _factorial(self) -> Any:
        value = self._atom()
        while self._take("!"):
            value = sympy.factorial(value)
        return value

    def _atom(self) -> Any:
        token = self._next()
        if token == "(":  # noqa: S105
            value = self.sum()
            if not self._take(")"):
                raise NotPlain("a parenthesis is not closed")
            return value
        if token[:1].isdigit() or token[:1] == ".":
            return _number(token)
        if token in FUNCTIONS:
            return FUNCTIONS[token](self._power())
        if token in NAMES:
            return NAMES[token]
        if token.isascii() and token.isalpha():
            return sympy.Mul(*map(sympy.Symbol, token))
        raise NotPlain(f"{token[:20]!r} was not expected")


def _number(token: str) -> Any:
    if not re.search(r"\d", token, re.ASCII):
        raise NotPlain("a lone point")
    return sympy.Rational(token.rstrip(".")) if "." in token else sympy.Integer(int(token))
