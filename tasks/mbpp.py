"""MBPP and MBPP+ rows (google-research/mbpp, both its files; evalplus/mbppplus_release) as tasks.

Rows of MBPP name no function: it is the one that the assertions call. No signature is shown, since
the only place to take one from is the solution. As in PlanSearch (section 5.1) the public tests are
the row's `test_list`, printed in the statement; EvalPlus's own file has only the first of them, in
its prompt, and there that one is the public test.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .asserts import asserted_function, read_assertions
from .code_task import CodeTask, Key, LoadedTask
from .errata import with_errata
from .mbpp_demands import demanding
from .mbpp_types import typed_arguments
from .plus import Typed, plus_key

SETS = frozenset(
    ["similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly"]
    + ["larg_nnum", "intersection_array", "find_dissimilar", "Diff"]
)
"""Functions whose answers EvalPlus compares as sets."""
ORACLES = {
    "are_equivalent": "any",
    "sum_div": "zero_too",
    "surface_Area": "pyramid_surface",
    "digit_distance_nums": "digit_distance",
    "check_str": "not_none",
    "text_match_three": "not_none",
    "text_starta_endb": "not_none",
}
"""Functions that EvalPlus has a rule of its own for (tasks/oracles.py)."""


def mbpp_task(row: Mapping[str, Any]) -> LoadedTask:
    """The task and key of a row of MBPP.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    shown = [str(line) for line in row["test_list"]]
    text = str(row["text"] if "text" in row else row["prompt"])
    setup = row.get("test_setup_code") or "\n".join(row.get("test_imports") or [])
    task = _task(row, text, shown, asserted_function("\n".join(shown)))
    hidden = [*shown, *row.get("challenge_test_list", [])]
    source = _plain("\n".join([setup, *hidden]))
    read = read_assertions(source, task.entry_point or "")
    key = Key(
        task.id,
        tests=read.tests,
        canonical_solution=_plain(row["code"]),
        checks=(source,) if read.unread else (),
        comparison=read.comparison,
    )
    return LoadedTask(task, key)


def mbpp_plus_task(row: Mapping[str, Any]) -> LoadedTask:
    """The task and key of a row of MBPP+.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    if "base_input" not in row:
        return _from_hub(row)
    text, _, asserted = str(row["prompt"]).strip().strip("\"'").strip().partition("\nassert ")
    shown = _lines(row["assertion"]) if "assertion" in row else _lines(f"assert {asserted}")
    task = _task(row, text, shown, str(row["entry_point"]))
    number = int(str(row["task_id"]).rpartition("/")[2])
    key = _plus_key(
        task, row, row["canonical_solution"], lambda given: typed_arguments(number, given)
    )
    return LoadedTask(task, replace(key, prompt=str(row["prompt"])))


def _from_hub(row: Mapping[str, Any]) -> LoadedTask:
    shown = [str(line) for line in row["test_list"]]
    task = _task(row, str(row["prompt"]), shown, asserted_function("\n".join(shown)))
    return LoadedTask(task, _plus_key(task, row, row["code"], tuple))


def _plus_key(task: CodeTask, row: Mapping[str, Any], solution: Any, typed: Typed) -> Key:
    function = task.entry_point or ""
    key = plus_key(
        task,
        row,
        _plain(solution),
        oracle=ORACLES.get(function),
        typed=typed,
        as_set=function in SETS,
    )
    return with_errata(demanding(key), row)


def _task(row: Mapping[str, Any], text: str, shown: list[str], function: str | None) -> CodeTask:
    if function is None:
        raise ValueError("its tests call no function")
    read = read_assertions("\n".join(shown), function)
    examples = "\n".join(line.strip() for line in shown)
    return CodeTask(
        id=f"Mbpp/{str(row['task_id']).rpartition('/')[2]}",
        statement=f"{text.strip()}\n\nYour code should pass these tests:\n\n{examples}",
        entry_point=function,
        public_tests=read.tests,
        comparison=replace(
            read.comparison,
            absolute_tolerance=max(read.comparison.absolute_tolerance, 1e-4),
            as_set=read.comparison.as_set or function in SETS,
        ),
    )


def _lines(source: str) -> list[str]:
    return [line for line in source.splitlines() if line.strip()]


def _plain(code: Any) -> str:
    return str(code).replace("\r\n", "\n")
