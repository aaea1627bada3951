"""LiveCodeBench rows (livecodebench/code_generation_lite) as tasks.

A statement is the row's own, its examples included. A row with a function's name is answered by a
method of `class Solution`, any other by a program that reads standard input. The public tests are
the row's; the key's are these and then the private ones, as in the official harness. tasks/
lcb_releases.py says how its problems are named.

Where grades deviate from the official harness (lcb_runner/evaluation/testing_util.py):

- Programs run as they are, on real standard input. The harness puts their statements into a
  function and gives it a stand-in, so that it fails programs with a `global` statement, with
  `for line in sys.stdin`, or that call `sys.stdin.buffer.readline()` twice.
- Each test has a process of its own, with six seconds of CPU. The harness calls the methods of one
  `Solution()`, which a program may leave changed, and counts six seconds of wall time.
- A program may use a gigabyte; the harness has no limit.
- Types are told apart in what a method returns: `True` does not answer 1, nor 3.0 answer 3. With
  `rules=harness` they do, as Python's `==` has it. Both take a tuple for the outermost list, and
  know no tolerance. Output is compared by the harness's own rule in any case.
- Which block of a reply is its program is for whoever reads replies to say; the harness takes the
  last fenced block, and nothing where a fence is missing.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from .code_task import CodeTask, Comparison, Key, LoadedTask, Test
from .lcb_tests import read_cases
from .limits import Limits
from .math_task import text_field

MODULES = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random"),
    *("statistics", "itertools", "functools", "operator", "io", "sys", "json", "builtins"),
    "typing",
)
HEADER = "\n".join(
    [
        *(f"from {name} import *" for name in MODULES),
        *(f"import {name}" for name in MODULES),
        "sys.setrecursionlimit(50_000)\n",
    ]
)
"""What the harness puts before every program: starter code names `List` and imports nothing."""
SECONDS = 6.0
"""For one test."""
MEMORY = 2**30
MANY = "several answers are right to this problem, and its tests know one"
INTERACTIVE = "this problem is interactive, which no fixed input is"
WRONG = "some of this problem's tests are known to be wrong"
ERRATA = {
    **dict.fromkeys(
        [
            *("abc311_c", "abc326_d", "abc327_b", "abc333_e", "abc343_a", "abc343_e", "abc362_c"),
            *("arc185_c", "find-words-containing-character", "find-the-peaks"),
            "generate-binary-strings-without-adjacent-zeros",
        ],
        MANY,
    ),
    **dict.fromkeys(["abc337_e", "abc355_e"], INTERACTIVE),
    **dict.fromkeys(
        [
            *("abc350_c", "arc189_a", "apply-operations-to-make-string-empty"),
            "most-frequent-ids",
        ],
        WRONG,
    ),
}
"""The authors' own list (ERRATA.md of LiveCodeBench/LiveCodeBench), by id or by title."""


def livecodebench_task(row: Mapping[str, Any], harness: bool = False) -> LoadedTask:
    """The task and key of a row; `harness`: compare as the official harness does.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be, or there are no tests: the harness passes any
            program then.
    """
    function = _function(row["metadata"])
    public = read_cases(row["public_test_cases"], function)
    tests = public + read_cases(row["private_test_cases"], function)
    if not tests:
        raise ValueError("it has no tests")
    starter = str(row["starter_code"]).rstrip()
    how = _comparison(function, harness)
    task = CodeTask(
        id=f"livecodebench/{text_field(row, 'question_id')}",
        statement=text_field(row, "question_content"),
        starter_code=f"{starter}\n" if starter else "",
        entry_point=_entry(function, starter),
        header=HEADER,
        public_tests=public,
        comparison=how,
        limits=_limits(public, together=function is not None),
    )
    key = Key(
        task.id,
        tests,
        caveat=_erratum(row),
        comparison=how,
        limits=_limits(tests, together=False),
        one_by_one=True,
    )
    return LoadedTask(task, key)


def _function(metadata: Any) -> str | None:
    """The name of the function that is asked for, if any."""
    told = json.loads(metadata) if isinstance(metadata, str) else metadata
    if not isinstance(told, dict):
        raise ValueError("`metadata` is not a mapping")
    name = told.get("func_name")
    if name is not None and not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"`func_name` must be a name, not {str(name)[:60]!r}")
    return name


def _entry(function: str | None, starter: str) -> str | None:
    if function is None:
        return None
    return f"Solution.{function}" if re.search(r"^class Solution\b", starter, re.M) else function


def _comparison(function: str | None, harness: bool) -> Comparison:
    if function is None:
        return Comparison(tokens_as_decimals=True)
    return Comparison(top_tuple_is_list=True, numbers_alike=harness)


def _erratum(row: Mapping[str, Any]) -> str:
    title = re.sub(r"[^a-z0-9]+", "-", str(row.get("question_title", "")).lower()).strip("-")
    return ERRATA.get(row["question_id"]) or ERRATA.get(title, "")


def _limits(tests: tuple[Test, ...], together: bool) -> Limits:
    """What a program may use for one of the tests, or for all of them in one process."""
    count = max(1, len(tests)) if together else 1
    known = Limits()
    given = count * max((len(json.dumps(test.input)) for test in tests), default=0)
    expected = max((len(json.dumps(test.expected)) for test in tests), default=0)
    return Limits(
        cpu_seconds=count * SECONDS,
        wall_seconds=3 * count * SECONDS,
        memory_bytes=MEMORY,
        output_bytes=_room(2 * expected, known.output_bytes),
        result_bytes=_room(2 * count * expected, known.result_bytes),
        input_bytes=_room(given, known.input_bytes),
    )


def _room(size: int, least: int) -> int:
    """In steps: a worker of a sandbox serves all tasks that need no more than the one before."""
    return least if size < least else 1 << size.bit_length()
