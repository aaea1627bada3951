"""The examples in a statement, as tests: what PlanSearch calls public tests (section 5.1).

Statements write them in many ways. These are read:

    >>> f(1, 2)            f(1, 2) == 3         f(1, 2) ➞ 3 (=, =>, ==>, ->, # =>)
    3                      f(1, 2) returns 3    f(1, 2) should return 3
    For a = 1, b = 2 the output should be 3
    Input: a = 1, b = 2    Output: 3            (on one line or on two)

An example that cannot be read is left out: a public test must never be a guess.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from .code_task import Test
from .literals import NotConstant, constant, parse
from .values import ValueFormatError, encode

GIVES = re.compile(
    r"\s*(?:#\s*)?(?:={1,3}>?|[-=]+>|[➞→➡⇒]|(?:should\s+)?(?:returns?|equals?|be)\b:?)\s*"
)
OUTPUT = re.compile(
    r"\bFor\s+(?P<given>\w+\s*=.+?)[,.]?\s+(?=[a-z])[^=\n]*?(?:output|result)\s+should\s+be"
    r"\s+(?P<expected>.+)",
)
INPUT = re.compile(r"\bInput\s*:(?P<given>.+?)\bOutput\s*:(?P<expected>.+?)(?=\n|$)", re.DOTALL)
ASSIGNMENT = re.compile(r"(\w+)\s*[=:](?!=)")
LONGEST = 2000
"""Characters in which an example must end."""


def read_examples(text: str, function: str, parameters: tuple[str, ...] = ()) -> tuple[Test, ...]:
    """The examples of `function` in a statement or docstring, each once, in order.

    `parameters` are its parameters' names, for examples that name their inputs.
    """
    found = list(_calls(text, function)) or list(_calls(text, r"\w+"))
    tests = [*found, *_named(text, parameters)] if parameters else found
    unique: dict[str, Test] = {}
    for test in tests:
        try:
            unique.setdefault(encode(test.input), test)
        except ValueFormatError:
            continue
    if parameters:
        return tuple(test for test in unique.values() if len(test.input) <= len(parameters))
    return tuple(unique.values())


def _calls(text: str, function: str) -> Iterator[Test]:
    """Examples that call the function."""
    for match in re.finditer(rf"(?<![\w.]){function}\(", text):
        call = _balanced(text, match.end() - 1)
        if call is None:
            continue
        try:
            given = constant(f"({call[1:-1].strip().rstrip(',')},)" if call[1:-1].strip() else "()")
        except NotConstant:
            continue
        expected = _expected(text, match.start(), match.end() - 1 + len(call))
        if expected:
            yield Test(given, expected[0])


def _expected(text: str, start: int, end: int) -> list[Any]:
    """What the call that lies there gives: one value, or none."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    after = text[end : end + LONGEST]
    if line.lstrip().startswith(">>>") and (
        shown := re.match(r"[ \t]*(?:#[^\n]*)?\n([^\n]+)", after)
    ):
        after = shown[1]
    elif gives := GIVES.match(after):
        after = after[gives.end() :]
    else:
        return []
    return _leading_value(after.lstrip())


def _leading_value(text: str) -> list[Any]:
    """The constant at the start of a text: the longest one its first line has, or one whose
    brackets go on over several lines."""
    line = text.partition("\n")[0]
    if text[:1] in "([{" and (bracketed := _balanced(text, 0)):
        line = bracketed + text[len(bracketed) :].partition("\n")[0]
    quoted = "'" in line or '"' in line  # then "#" may be part of the value
    head = line if quoted else line.partition("#")[0]
    words = re.split(r"(?=[ ,.;(])", head.rstrip())
    for count in range(len(words), 0, -1):
        candidate = "".join(words[:count]).strip().rstrip(".,;")
        try:
            return [constant(candidate)]
        except NotConstant:
            continue
    return []


def _balanced(text: str, start: int) -> str | None:
    """The bracketed text that opens at `start`, strings and nested brackets observed."""
    depth, quote, i = 0, "", start
    while i < min(len(text), start + LONGEST):
        character = text[i]
        if quote:
            if character == "\\":
                i += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0:
                return text[start : i + 1]
        i += 1
    return None


def _named(text: str, parameters: tuple[str, ...]) -> Iterator[Test]:
    """Examples that name their inputs."""
    for pattern in (OUTPUT, INPUT):
        for match in pattern.finditer(text):
            given = _assigned(match["given"], parameters)
            expected = _leading_value(match["expected"].strip())
            if given is not None and expected:
                yield Test(given, expected[0])


def _assigned(text: str, parameters: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The values of `a = 1, b = 2` in the order of the parameters; a lone value for a lone one."""
    starts = [*ASSIGNMENT.finditer(text)]
    pieces: list[str] = []
    for i, match in enumerate(starts):
        end = starts[i + 1].start() if i + 1 < len(starts) else len(text)
        pieces.append(text[match.end() : end].strip().rstrip(",."))
    if not starts and len(parameters) == 1:
        pieces = [text.strip()]
    if len(pieces) != len(parameters):
        return None
    try:
        return tuple(constant(piece) for piece in pieces)
    except NotConstant:
        return None


def parameters_of(source: str, function: str) -> tuple[str, ...]:
    """The names of a function's positional parameters, from source that defines it."""
    try:
        tree = parse(source)
    except NotConstant:
        return ()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return tuple(argument.arg for argument in node.args.args)
    return ()
