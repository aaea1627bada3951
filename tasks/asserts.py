"""Assertions as data: `assert f(1, 2) == 3` becomes the input (1, 2) and the expected value 3.

Read on the host and never run there. What has another form (a loop, a helper, a random input) is
handed back as source: then the whole of the test code is a check, to be run in a sandbox.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from .code_task import Comparison, Test
from .literals import NotConstant, of_node, parse


@dataclass(frozen=True, slots=True)
class Assertions:
    """What a piece of test code asserts of one function."""

    tests: tuple[Test, ...]
    unread: tuple[str, ...]
    comparison: Comparison
    """Python's `==`, with what the assertions add: the widest tolerances any of them allows, sets
    compared as sets, types where all of them say `is`, or truth alone where none of them says more
    (`assert f(x)`)."""


@dataclass(frozen=True, slots=True)
class _Read:
    test: Test
    absolute: float = 0.0
    relative: float = 0.0
    truth: bool = False
    as_set: bool = False
    as_list: bool = False
    identical: bool = False
    """Whether it says `is`: 1 is not True."""


def read_assertions(source: str, function: str) -> Assertions:
    """All that `source` asserts of `function`.

    Raises:
        NotConstant: the source does not parse.
    """
    tree = parse(source)
    names: dict[str, Any] = {}
    found: list[tuple[ast.stmt, _Read]] = []
    unread: list[ast.stmt] = []
    for statement in _statements(tree):
        if isinstance(statement, ast.Assign):
            _remember(statement, names)
        elif isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Constant):
            continue  # `assert True, "…"` asserts nothing
        else:
            try:
                found.append((statement, _read(statement, function, names)))
            except NotConstant:
                if _mentions(statement, function):
                    unread.append(statement)
    values = [read for _, read in found if not read.truth]
    if values:  # then truth is another comparison than theirs
        unread += [statement for statement, read in found if read.truth]
    return Assertions(
        tuple(read.test for read in values or [read for _, read in found]),
        tuple(map(ast.unparse, unread)),
        _comparison(values, truth=bool(found) and not values),
    )


def _comparison(found: list[_Read], truth: bool) -> Comparison:
    return Comparison(
        absolute_tolerance=max((read.absolute for read in found), default=0.0),
        relative_tolerance=max((read.relative for read in found), default=0.0),
        tuple_is_list=any(read.as_list for read in found),
        numbers_alike=not found or not all(read.identical for read in found),
        as_set=bool(found) and all(read.as_set for read in found),
        oracle="truth" if truth else None,
    )


def asserted_function(source: str) -> str | None:
    """The function that most of the assertions call, where a dataset does not name it.

    Raises:
        NotConstant: the source does not parse.
    """
    tree = parse(source)
    called = Counter(
        node.func.id
        for statement in _statements(tree)
        if isinstance(statement, ast.Assert)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    for builtin in (
        "set",
        "frozenset",
        "tuple",
        "list",
        "sorted",
        "abs",
        "float",
        "len",
        "round",
        "dict",
    ):
        del called[builtin]
    return called.most_common(1)[0][0] if called else None


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of the module and of the functions it defines, such as HumanEval's check."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            yield from statement.body
        else:
            yield statement


def _remember(statement: ast.Assign, names: dict[str, Any]) -> None:
    for target in statement.targets:
        if isinstance(target, ast.Name):
            names.pop(target.id, None)
            try:
                names[target.id] = of_node(_filled(statement.value, names))
            except NotConstant:
                continue


class _Fill(ast.NodeTransformer):
    """Puts the value of a known name in its place."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        filled = parse(repr(self.names[node.id])).body[0]
        assert isinstance(filled, ast.Expr)
        return filled.value


def _filled(node: ast.expr, names: dict[str, Any]) -> ast.expr:
    filled = _Fill(names).visit(node) if names else node
    assert isinstance(filled, ast.expr)
    return filled


def _read(statement: ast.stmt, function: str, names: dict[str, Any]) -> _Read:
    if not isinstance(statement, ast.Assert):
        raise NotConstant("not an assertion")
    match _filled(statement.test, names):
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is() as op], comparators=[right]):
            return replace(_equation(left, right, function), identical=isinstance(op, ast.Is))
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE()], comparators=[limit]):
            return _nearness(left, limit, function)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _Read(Test(_arguments(operand, function), False), truth=True)
        case ast.Call() as call:
            return _truth(call, function)
    raise NotConstant("another form of assertion")


def _equation(left: ast.expr, right: ast.expr, function: str) -> _Read:
    """`f(x) == c`, either way round, both sides made sets, or lists, or neither."""
    if not _mentions(left, function):
        left, right = right, left
    match left, right:
        case (
            ast.Call(func=ast.Name(id="set" | "frozenset"), args=[inner]),
            ast.Call(func=ast.Name(id="set" | "frozenset"), args=[_]) | ast.Set(),
        ):
            return replace(_equation(inner, right, function), as_set=True)
        case (
            ast.Call(func=ast.Name(id="tuple" | "list"), args=[inner]),
            ast.Call(func=ast.Name(id="tuple" | "list"), args=[_]) | ast.Tuple() | ast.List(),
        ):
            return replace(_equation(inner, right, function), as_list=True)
    return _Read(Test(_arguments(left, function), of_node(right)))


def _nearness(left: ast.expr, limit: ast.expr, function: str) -> _Read:
    """`abs(f(x) - c) < tolerance`."""
    match left:
        case ast.Call(
            func=ast.Name(id="abs") | ast.Attribute(attr="fabs"),
            args=[ast.BinOp(left=one, op=ast.Sub(), right=other)],
        ):
            read = _equation(one, other, function)
            return replace(read, absolute=float(of_node(limit)))
    raise NotConstant("another form of inequality")


def _truth(call: ast.Call, function: str) -> _Read:
    """`f(x)`, or `math.isclose(f(x), c, rel_tol=…)`, read as relative to c alone."""
    match call.func, call.args:
        case ast.Attribute(attr="isclose"), [one, other]:
            limits = {word.arg: float(of_node(word.value)) for word in call.keywords}
            return replace(
                _equation(one, other, function),
                relative=limits.get("rel_tol", 1e-9),
                absolute=limits.get("abs_tol", 0.0),
            )
    return _Read(Test(_arguments(call, function), True), truth=True)


def _arguments(call: ast.expr, function: str) -> tuple[Any, ...]:
    match call:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name == function:
            return tuple(of_node(arg) for arg in args)
    raise NotConstant("not a plain call of the function")


def _mentions(tree: ast.AST, function: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == function for node in ast.walk(tree))
