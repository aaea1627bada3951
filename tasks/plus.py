"""What EvalPlus adds to a data set: many more inputs, and the rules they are judged by.

Its own files (`base_input`, `plus_input`) hold inputs alone: the expected values are what the
canonical solution returns, so they wait in `Key.pending` until a sandbox has run it. The hub's rows
hold a test script with `inputs`, `results` and a tolerance instead, which is read and never run.
"""

import ast
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .code_task import CodeTask, Comparison, Key, Test
from .evalplus import with_tolerances
from .literals import NotConstant, of_node, parse

Typed = Callable[[list[Any]], tuple[Any, ...]]


def plus_key(
    task: CodeTask,
    row: Mapping[str, Any],
    solution: str,
    *,
    oracle: str | None = None,
    typed: Typed = tuple,
    as_set: bool = False,
    prompt: str = "",
) -> Key:
    """The key of a "+" row. `typed` makes an input's arguments what JSON could not hold.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    key = Key(task.id, canonical_solution=solution, prompt=prompt)
    how = Comparison(evalplus=True, numbers_alike=True, as_set=as_set, oracle=oracle)
    if "base_input" in row:
        given = [typed(one) for one in [*row["base_input"], *row["plus_input"]]]
        how = replace(how, absolute_tolerance=float(row.get("atol") or 0))
        return replace(key, comparison=how, pending=tuple(given), base=len(row["base_input"]))
    script = _script(str(row["test"]))
    key = replace(key, comparison=replace(how, absolute_tolerance=script.tolerance))
    given = [tuple(one) for one in script.inputs]
    if script.results is None:
        return replace(key, pending=tuple(given))
    if len(script.results) != len(given):
        raise ValueError(f"{len(given)} inputs, but {len(script.results)} results")
    return key.with_tests(tuple(map(Test, given, script.results)))


def with_expected(key: Key, expected: Sequence[Any]) -> Key:
    """The key with its pending inputs made tests, given the expected value of each."""
    tests = tuple(map(Test, key.pending, expected))
    if key.base:
        tolerance = key.comparison.absolute_tolerance
        suites = (tests[: key.base], tests[key.base :])
        tests = tuple(test for suite in suites for test in with_tolerances(suite, tolerance))
    return key.with_tests(tests)


@dataclass(frozen=True, slots=True)
class _Script:
    """What the hub's test script says. Its results may be those of a function it holds."""

    inputs: list[Any]
    results: list[Any] | None = None
    tolerance: float = 0.0


def _script(source: str) -> _Script:
    found: dict[str, Any] = {}
    for node in ast.walk(parse(source)):
        match node:
            case ast.Assign(
                targets=[ast.Name(id="inputs" | "results" as name)], value=ast.List(elts=items)
            ):
                with contextlib.suppress(NotConstant):
                    found[name] = [of_node(item) for item in items]
            case (
                ast.Call(func=ast.Name(id="assertion"), args=[*_, ast.Constant(value=limit)])
                | ast.Compare(ops=[ast.LtE()], comparators=[ast.Constant(value=limit)])
            ) if isinstance(limit, int | float):
                found["tolerance"] = float(limit)
    if "inputs" not in found:
        raise ValueError("its test has no list of inputs")
    return _Script(**found)
