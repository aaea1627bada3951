"""HumanEval and HumanEval+ rows (openai/human-eval; evalplus/humanevalplus_release) as tasks.

A statement is the row's own prompt, to be finished. Public tests are the examples in its docstring,
as in PlanSearch (section 5.1), compared with a tolerance of 1e-4. The key is the row's `check`
function read as data, and whole, where some of it cannot be; or for "+" rows the inputs that the
canonical solution answers.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from .asserts import read_assertions
from .code_task import CodeTask, Comparison, Key, LoadedTask, Test
from .errata import with_errata
from .examples import parameters_of, read_examples
from .literals import parse
from .plus import plus_key

PUBLIC = Comparison(absolute_tolerance=1e-4, tuple_is_list=True, numbers_alike=True)
ORACLES = {"find_zero": "polynomial_root"}
"""Functions that EvalPlus has a rule of its own for (tasks/oracles.py)."""

WRONG_EXAMPLES = {
    "HumanEval/47": ("median([-10, 4, 6, 1000, 10, 20])",),
    "HumanEval/116": ("sort_array([1, 5, 2, 3, 4])", "sort_array([-2, -3, -4, -5, -6])"),
    "HumanEval/130": ("tri(1)", "tri(2)", "tri(4)"),
    "HumanEval/148": ("bf('Earth', 'Mercury')",),
}
"""Calls in docstrings whose answer there is not the canonical solution's (the paper mends 47 and
116 by hand; 130's are steps of a definition, 148's a tuple that lost its comma)."""


def humaneval_task(row: Mapping[str, Any]) -> LoadedTask:
    """The task and key of a row of HumanEval.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    task = _task(row)
    read = read_assertions(str(row["test"]), "candidate")
    key = Key(
        task.id,
        tests=read.tests,
        canonical_solution=_solution(row),
        checks=(_check(row),) if read.unread else (),
        comparison=read.comparison,
        prompt=str(row["prompt"]),
        prompted=True,
    )
    return LoadedTask(task, key)


def humaneval_plus_task(row: Mapping[str, Any]) -> LoadedTask:
    """The task and key of a row of HumanEval+, EvalPlus's own or the hub's.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    task = _task(row)
    oracle = ORACLES.get(str(row["entry_point"]))
    prompt = str(row["prompt"])
    key = plus_key(task, row, _solution(row), oracle=oracle, prompt=prompt)
    return LoadedTask(task, with_errata(key, row))


def _solution(row: Mapping[str, Any]) -> str:
    return str(row["prompt"]) + str(row["canonical_solution"])


def _check(row: Mapping[str, Any]) -> str:
    """The row's test as a program, with what else the prompt defines: some tests call that."""
    helpers = [
        ast.unparse(node)
        for node in parse(str(row["prompt"]) + "\n    pass\n").body
        if not (isinstance(node, ast.FunctionDef) and node.name == row["entry_point"])
    ]
    return "\n\n".join([*helpers, str(row["test"]).strip(), "check(candidate)\n"])


def _task(row: Mapping[str, Any]) -> CodeTask:
    prompt, function = str(row["prompt"]), str(row["entry_point"])
    starter, examples = _signature(prompt, function)
    tests = read_examples(examples, function, parameters_of(prompt + "\n    pass\n", function))
    return CodeTask(
        id=str(row["task_id"]),
        statement=f"Finish this Python function.\n\n```python\n{prompt.strip()}\n```",
        starter_code=starter,
        entry_point=function,
        public_tests=tuple(_right(tests, WRONG_EXAMPLES.get(row["task_id"], ()), function)),
        comparison=PUBLIC,
    )


def _right(tests: tuple[Test, ...], wrong: tuple[str, ...], function: str) -> Iterator[Test]:
    for test in tests:
        if f"{function}({', '.join(map(repr, test.input))})" not in wrong:
            yield test


def _signature(prompt: str, function: str) -> tuple[str, str]:
    """The prompt's imports and helpers with the function's bare signature; and what follows."""
    tree = parse(prompt + "\n    pass\n")
    lines = prompt.splitlines()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            head = lines[: node.body[0].lineno - 1]
            return "\n".join(head).strip() + "\n", "\n".join(lines[len(head) :])
    raise ValueError(f"its prompt defines no {function}")
