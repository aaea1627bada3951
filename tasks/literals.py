"""Constants written in Python, read without running anything.

Dataset files and statements hold tests as source. What they need of the language is small:
literals, containers, arithmetic on constants (`1.0 / 3`, `"a" * 50`, `10 ** 9`) and the
constructors of plain types (`set([1, 2])`, `float("inf")`). That much is interpreted here, within
bounds.
"""

import ast
import operator
import warnings
from collections.abc import Callable
from typing import Any

MAX_SIZE = 1_000_000
"""Items or characters that a constant may have."""
MAX_BITS = 100_000
"""Bits that an integer may have."""
NAMES = {"true": True, "false": False, "null": None, "inf": float("inf"), "nan": float("nan")}
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    "set": set,
    "frozenset": frozenset,
    "tuple": tuple,
    "list": list,
    "dict": dict,
    "float": float,
    "complex": complex,
}


class NotConstant(ValueError):
    """The source is not a constant of that kind."""


def parse(source: str) -> ast.Module:
    """The source as a tree; nothing is compiled.

    Raises:
        NotConstant: it is not Python, or nested too deep.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\\d" in somebody else's string is not our concern
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotConstant(f"not Python: {error}") from None


def constant(source: str) -> Any:
    """The value of a constant expression.

    Raises:
        NotConstant: it is something else, malformed, or too large.
    """
    statements = parse(source.strip()).body
    if len(statements) != 1 or not isinstance(statement := statements[0], ast.Expr):
        raise NotConstant(f"{source[:80]!r} is not an expression")
    return of_node(statement.value)


def of_node(node: ast.expr) -> Any:
    """The value of a constant expression, parsed.

    Raises:
        NotConstant: it is something else, or too large.
    """
    try:
        return _value(node)
    except NotConstant:
        raise
    except (
        ArithmeticError,
        AttributeError,
        TypeError,
        ValueError,
        RecursionError,
        MemoryError,
    ) as error:
        raise NotConstant(str(error)) from None


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value) if value is not Ellipsis:
            return value
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Tuple(elts=items):
            return tuple(_value(item) for item in items)
        case ast.Set(elts=items):
            return {_value(item) for item in items}
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = zip(keys, values, strict=True)
            return {_value(key): _value(value) for key, value in pairs if key is not None}
        case ast.Name(id=name) if name in NAMES:
            return NAMES[name]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_value(operand))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return _combined(op, _value(left), _value(right))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in CONSTRUCTORS:
            return CONSTRUCTORS[name](*(_value(arg) for arg in args))
    raise NotConstant(f"{ast.unparse(node)[:80]} is not a constant")


def _combined(op: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(op, ast.Mult):
        sizes = [len(side) for side in (left, right) if hasattr(side, "__len__")]
        counts = [side for side in (left, right) if isinstance(side, int)]
        if sizes and counts and sizes[0] * counts[0] > MAX_SIZE:
            raise NotConstant("too large")
    if isinstance(op, ast.Pow) and left.bit_length() * right > MAX_BITS:  # of integers alone
        raise NotConstant("too large")
    if isinstance(op, ast.Mod) and isinstance(left, str | bytes):
        raise NotConstant("formatting is not a constant")
    return OPERATORS[type(op)](left, right)
