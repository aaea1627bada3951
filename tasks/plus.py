"""What EvalPlus adds to a data set: many more inputs, and the rules they are judged by.

Its own files (`base_input`, `plus_input`) hold inputs alone: the expected values are what the
canonical solution returns, so they wait in `Key.pending` until a sandbox has run it. The hub's rows
hold a test script with `inputs` and `results` instead, which is read and never run.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .code_task import CodeTask, Comparison, Key, Test
from .literals import NotConstant, of_node, parse

FLOATS = 1e-6
"""EvalPlus's tolerance where a row names none."""
Typed = Callable[[list[Any]], tuple[Any, ...]]


def plus_key(
    task: CodeTask,
    row: Mapping[str, Any],
    solution: str,
    *,
    caveat: str = "",
    typed: Typed = tuple,
    as_set: bool = False,
) -> Key:
    """The key of a "+" row. `typed` makes an input's arguments what JSON could not hold.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    comparison = Comparison(
        absolute_tolerance=float(row.get("atol") or 0) or FLOATS,
        numbers_alike=True,
        as_set=as_set,
    )
    key = Key(task.id, canonical_solution=solution, comparison=comparison, caveat=caveat)
    if "base_input" in row:
        given = [typed(one) for one in [*row["base_input"], *row["plus_input"]]]
        return replace(key, pending=tuple(given))
    inputs, results = _script(str(row["test"]))
    given = [tuple(one) for one in inputs]
    if results is None:
        return replace(key, pending=tuple(given))
    if len(results) != len(given):
        raise ValueError(f"{len(given)} inputs, but {len(results)} results")
    return key.with_tests(tuple(map(Test, given, results)))


def _script(source: str) -> tuple[list[Any], list[Any] | None]:
    """The inputs, and the results where they are given as data, of the hub's test script."""
    found: dict[str, list[Any]] = {}
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("inputs", "results") and isinstance(node.value, ast.List):
                try:
                    found[name] = [of_node(item) for item in node.value.elts]
                except NotConstant:
                    continue
    if "inputs" not in found:
        raise ValueError("its test has no list of inputs")
    return found["inputs"], found.get("results")
