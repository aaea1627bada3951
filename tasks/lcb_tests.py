"""The test cases of LiveCodeBench's rows (lcb_runner/benchmarks/code_generation.py) as data.

Public ones are JSON: a list of {input, output, testtype}. Private ones are the same, or that JSON
pickled, compressed by zlib and written in base64; they are unpacked without `pickle`, and never to
more than `LARGEST`.
"""

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

from .code_task import Test
from .pickled import pickled_text

LARGEST = 256 * 2**20
"""Bytes of tests that one row may unpack to."""
SLICE = 2**16
"""Bytes that are unpacked at once: at most 64 MiB come of them."""


def read_cases(packed: Any, function: str | None) -> tuple[Test, ...]:
    """The tests in a field of a row: of a function, or of a program that reads standard input.

    Raises:
        ValueError: they are not what they should be, or too large.
    """
    if not isinstance(packed, str):
        raise ValueError(f"its tests must be text, not {type(packed).__name__}")
    cases = _unpacked(packed)
    if not isinstance(cases, list):
        raise ValueError("its tests are not a list")
    return tuple(_test(case, number, function) for number, case in enumerate(cases, 1))


def _unpacked(packed: str) -> Any:
    try:
        return _json(packed)
    except json.JSONDecodeError:
        pass
    try:
        compressed = base64.b64decode(packed, validate=True)
    except ValueError:
        raise ValueError("its tests are neither JSON nor base64") from None
    return _json(pickled_text(_inflated(compressed)))


def _inflated(compressed: bytes) -> bytearray:
    stream, data, view = zlib.decompressobj(), bytearray(), memoryview(compressed)
    try:
        for start in range(0, len(view), SLICE):
            data += stream.decompress(view[start : start + SLICE], LARGEST + 1 - len(data))
            if len(data) > LARGEST:
                raise ValueError(f"its tests unpack to more than {LARGEST >> 20} MiB")
    except zlib.error as error:
        raise ValueError(f"its tests cannot be unpacked: {error}") from None
    if not stream.eof or stream.unused_data:
        raise ValueError("its tests cannot be unpacked: cut off, or followed by something")
    return data


def _test(case: Any, number: int, function: str | None) -> Test:
    if not isinstance(case, dict):
        raise ValueError(f"test {number} is not a mapping")
    given, expected = case.get("input"), case.get("output")
    if not (isinstance(given, str) and isinstance(expected, str)):
        raise ValueError(f"test {number}: `input` and `output` must be text")
    if function is None:
        return Test(given, expected)
    try:
        return Test(tuple(_values(given)), _json(expected))
    except ValueError as error:
        raise ValueError(f"test {number}: a line is not one JSON value: {error}") from None


def _values(lines: str) -> Iterator[Any]:
    """One argument a line."""
    for line in lines.split("\n"):
        if line.strip():
            yield _json(line)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
