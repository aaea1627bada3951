"""Plain arithmetic and algebra ("2sqrt(2) + x^2/3") as a sympy expression.

A parser of our own: sympy's reads text by Python's `eval`, and what a model wrote is never
evaluated. The grammar is that of sympy's implicit multiplication: a product without a sign binds as
one with it ("1/2x" is x/2), names are functions or else products of letters, decimals are exact.

Loaded in a grader's process (tasks/grader.py), since it imports sympy.
"""

import re
from collections.abc import Callable
from typing import Any

import sympy

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
