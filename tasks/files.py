"""Task files: one problem in YAML or JSON. A program is asked for by

    statement: |                     what to solve, in words
      Merge all overlapping intervals …
    entry_point: merge               the function that tests call, or a method (Solution.merge);
                                     leave it out for a program that reads standard input
    public_tests:                    shown to the search
      - input: [[[1, 3], [2, 6]]]    a list of positional arguments, or text for standard input
        expected: [[1, 6]]
      - assert merge([]) == []       or as an assertion
    hidden_tests: …                  for the grade alone; never shown to a model

Optional: id (the file's name), starter_code, comparison (fields of `Comparison`), limits (fields of
`Limits`; sizes in bytes, or as in 512M), solution (a whole program known to be right). Values that
JSON lacks are written as in tasks/values.py, or in an assertion.

An answer is asked for by

    question: What is $1 + 1$?
    answer: 2                        for the grade alone; never shown to the search

Optional: answer, id, grading (a `Grading`), solution (a worked one, for the grade's side too).
"""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
)

from ..errors import InputError
from .asserts import read_assertions
from .code_task import CodeTask, Comparison, Key, LoadedTask, Test
from .limits import Limits
from .literals import NotConstant
from .math_file import math_task_from_data
from .oracles import ORACLES
from .values import ValueFormatError, from_json, to_json

LARGEST = 64 * 2**20
"""Bytes of a file that is read."""
STRICT = ConfigDict(extra="forbid", strict=True)
SHAPES = "`statement` and `public_tests` (to ask for a program) or `question` (for an answer)"
SIZE = re.compile(r"(\d{1,15})([KMG])")


class _Case(BaseModel):
    model_config = STRICT
    input: Any
    expected: Any


def _known(oracle: str) -> str:
    if oracle not in ORACLES:
        raise ValueError(f"an oracle is one of {', '.join(ORACLES)}")
    return oracle


class _Comparison(BaseModel):
    model_config = STRICT
    absolute_tolerance: Annotated[float, Field(ge=0)] = 0.0
    relative_tolerance: Annotated[float, Field(ge=0)] = 0.0
    tuple_is_list: bool = False
    top_tuple_is_list: bool = False
    any_order: bool = False
    as_set: bool = False
    numbers_alike: bool = False
    evalplus: bool = False
    oracle: Annotated[str, AfterValidator(_known)] | None = None
    tokens_as_decimals: bool = False


def _bytes(given: Any) -> Any:
    """A size such as "512M" in bytes; anything else as it is."""
    if isinstance(given, str) and (match := SIZE.fullmatch(given)):
        return int(match[1]) << {"K": 10, "M": 20, "G": 30}[match[2]]
    return given


Size = Annotated[int, Strict(), BeforeValidator(_bytes)]


class _Limits(BaseModel):
    model_config = STRICT
    cpu_seconds: float | None = None
    wall_seconds: float | None = None
    memory_bytes: Size | None = None
    output_bytes: Size | None = None
    result_bytes: Size | None = None
    code_bytes: Size | None = None
    threads: int | None = None
    stack_bytes: Size | None = None
    input_bytes: Size | None = None


class _File(BaseModel):
    model_config = STRICT
    id: str = ""
    statement: Annotated[str, Field(min_length=1)]
    starter_code: str = ""
    entry_point: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$")] | None = None
    public_tests: Annotated[list[_Case | str], Field(min_length=1)]
    hidden_tests: list[_Case | str] = []
    comparison: _Comparison = _Comparison()
    limits: _Limits | None = None
    solution: str | None = None


def load_file(path: Path) -> LoadedTask[Any, Any]:
    """The task in a file, and its key.

    Raises:
        InputError: there is no such file, or something in it is missing, unknown or of a wrong
            type; the message names the file, the field and what would be right.
    """
    return task_from_data(_parsed(path), str(path), path.stem)


def task_from_data(data: Any, where: str, id: str = "task") -> LoadedTask[Any, Any]:
    """The task that such a mapping describes. `where` it comes from, and its `id` if it has none.

    Raises:
        InputError: as `load_file`.
    """
    if isinstance(data, dict) and "question" in data:
        return math_task_from_data(data, where, id)
    if not isinstance(data, dict):
        raise InputError(f"{where}: a task is a mapping with {SHAPES}")
    if "statement" not in data:
        raise InputError(f"{where}: `statement` is missing: a task has {SHAPES}")
    try:
        content = _File.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where}: {_first(error)}") from None
    comparison = Comparison(**content.comparison.model_dump())
    tests = {
        name: _tests(where, name, getattr(content, name), content.entry_point)
        for name in ("public_tests", "hidden_tests")
    }
    id = content.id or id
    task = CodeTask(
        id=id,
        statement=content.statement.strip(),
        starter_code=content.starter_code,
        entry_point=content.entry_point,
        public_tests=tests["public_tests"],
        comparison=comparison,
        limits=_limits(where, content.limits),
    )
    key = Key(id, tests["hidden_tests"], content.solution, comparison=comparison)
    return LoadedTask(task, key if key.tests else None)


def _limits(where: str, given: _Limits | None) -> Limits | None:
    if given is None:
        return None
    try:
        return Limits(**given.model_dump(exclude_none=True))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _parsed(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: larger than {LARGEST >> 20} MB")
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise InputError(
            f"there is no task file {path} (a problem in words needs quotes; a dataset's task is "
            "named as in humaneval:HumanEval/3)"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    try:
        return json.loads(text) if path.suffix == ".json" else yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
    except json.JSONDecodeError as error:
        raise InputError(f"{path} line {error.lineno}: not JSON: {error.msg}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "cannot be read"
        raise InputError(f"{path}{where}: not YAML: {what}") from None
    except (RecursionError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {str(error)[:100]}") from None


class _Loader(yaml.SafeLoader):
    """Plain data alone: no aliases, by which a small file can stand for an endless one, and no
    field twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(
                None, None, "aliases are not read", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{sorted(twice)[0]} is given twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors()[0]
    # A test may be a mapping or an assertion: pydantic names the branch it tried.
    branches = ("_Case", "str")
    where = ".".join(
        str(part + 1 if isinstance(part, int) else part)
        for part in first["loc"]
        if part not in branches
    )
    if first["type"] == "missing":
        return f"`{where}` is missing"
    if first["type"] == "extra_forbidden":
        inside: dict[Any, type[BaseModel]] = {"comparison": _Comparison, "limits": _Limits}
        fields = inside.get(first["loc"][0], _File).model_fields
        return f"`{where}` is not one of {', '.join(fields)}"
    if where == "public_tests":
        return "`public_tests` must be a list of at least one test (input and expected)"
    return f"`{where}`: {first['msg'].lower()}, not {str(first['input'])[:60]!r}"


def _tests(
    where: str, name: str, cases: list[_Case | str], function: str | None
) -> tuple[Test, ...]:
    found: list[Test] = []
    for number, case in enumerate(cases, 1):
        try:
            found += _asserted(case, function) if isinstance(case, str) else [_test(case, function)]
        except (ValueFormatError, NotConstant) as error:
            raise InputError(f"{where}: `{name}` {number}: {error}") from None
    return tuple(found)


def _asserted(source: str, function: str | None) -> tuple[Test, ...]:
    if function is None:
        raise NotConstant("an assertion needs an `entry_point` to call")
    function = function.rpartition(".")[2]  # of a method, too
    read = read_assertions(source, function)
    if read.unread or not read.tests:
        raise NotConstant(f"{source[:80]!r} is not of the form `assert {function}(…) == …`")
    return read.tests


def _test(case: _Case, function: str | None) -> Test:
    if function is None:
        if not (isinstance(case.input, str) and isinstance(case.expected, str)):
            raise NotConstant("without an `entry_point`, `input` and `expected` are text")
        return Test(case.input, case.expected)
    if not isinstance(case.input, list):
        raise NotConstant("`input` must be the list of the function's arguments")
    return Test(tuple(map(_value, case.input)), _value(case.expected))


def _value(plain: Any) -> Any:
    to_json(plain)  # YAML knows dates, which no program is called with
    return from_json(plain)
