"""Mutants of a right program: what one small change makes of it. Most are wrong, and look right."""

import ast
import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt,), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.And: (ast.Or,), ast.Or: (ast.And,),
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.FloorDiv, ast.Add),
    ast.Div: (ast.FloorDiv, ast.Mult), ast.FloorDiv: (ast.Div,), ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitXor,),
    ast.BitXor: (ast.BitAnd,), ast.LShift: (ast.RShift,), ast.RShift: (ast.LShift,),
}  # fmt: skip
KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Pass)


def mutants(source: str) -> list[str]:
    """Every program that one small change makes of this one, each once."""
    tree = ast.parse(source)
    found: dict[str, None] = {}
    for place, node in enumerate(ast.walk(tree)):
        for change in range(len(list(changes(copy.deepcopy(node))))):
            mutant = copy.deepcopy(tree)
            there = next(n for i, n in enumerate(ast.walk(mutant)) if i == place)
            list(changes(there))[change]()
            text = ast.unparse(ast.fix_missing_locations(mutant))
            with contextlib.suppress(SyntaxError):
                compile(text, "mutant", "exec")
                found[text] = None
    found.pop(ast.unparse(tree), None)
    return list(found)


def changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    """What can be changed in a node, in place."""

    def put(field: str, value: Any, at: int | None = None) -> Callable[[], None]:
        def change() -> None:
            if at is None:
                setattr(node, field, value)
            else:
                getattr(node, field)[at] = value

        return change

    match node:
        case ast.Compare(ops=[op]):
            yield from (put("ops", swap(), 0) for swap in SWAPS.get(type(op), ()))
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op):
            yield from (put("op", swap()) for swap in SWAPS.get(type(op), ()))
        case ast.Constant(value=bool(value)):
            yield put("value", not value)
        case ast.Constant(value=int(value) | float(value)):
            yield from (put("value", value + 1), put("value", value - 1))
        case ast.Call(func=ast.Name(id="range"), args=[*_, last] as args):
            one = ast.Constant(1)
            yield from (
                put("args", ast.BinOp(last, op, one), len(args) - 1)
                for op in (ast.Add(), ast.Sub())
            )
        case ast.Call(args=[first, second, *rest]):
            yield put("args", [second, first, *rest])
        case ast.Slice(lower=lower, upper=upper):
            for field, bound in (("lower", lower), ("upper", upper)):
                if bound is not None:
                    yield put(field, ast.BinOp(bound, ast.Add(), ast.Constant(1)))
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            yield put("test", ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=[test, *_]):
            yield put("ifs", ast.UnaryOp(ast.Not(), test), 0)
        case ast.Return(value=ast.expr() as value):  # what a comparison must tell apart, or not
            for kind in ("float", "int", "bool", "list", "tuple", "set", "str"):
                yield put("value", ast.Call(ast.Name(kind), [value], []))
            for factor in (1 + 5e-8, 1 + 2e-7):
                yield put("value", ast.BinOp(value, ast.Mult(), ast.Constant(factor)))
        case ast.UnaryOp(op=op, operand=operand):
            yield put("operand", ast.UnaryOp(op, operand))
    body = getattr(node, "body", None)
    if isinstance(body, list):
        for at, statement in enumerate(body):
            if not isinstance(statement, KEPT):
                yield put("body", ast.Pass(), at)
