"""Rows in the form of LiveCodeBench's files, in words of our own."""

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

STUB = "class Solution:\n    def {}(self, n: int) -> List[int]:\n        "
Cases = list[tuple[str, str]]


def listed(cases: Cases, kind: str) -> str:
    """Test cases as the public ones are written."""
    return json.dumps([{"input": i, "output": o, "testtype": kind} for i, o in cases])


def wrapped(what: Any, protocol: int = 4) -> str:
    """Anything pickled, as private test cases are."""
    return base64.b64encode(zlib.compress(pickle.dumps(what, protocol))).decode()


def row(
    id: str = "abc900_a",
    public: Cases | None = None,
    private: Cases | None = None,
    *,
    function: str = "",
    pack: bool = True,
    **other: Any,
) -> dict[str, Any]:
    """A row whose tests are these: of a method if it has a `function`, else of a program."""
    kind = "functional" if function else "stdin"
    hidden = listed([("3", "6")] if private is None else private, kind)
    return {
        "question_title": "Any",
        "question_content": "Say something.",
        "platform": "leetcode" if function else "atcoder",
        "question_id": id,
        "contest_id": "900",
        "contest_date": "2024-05-01T09:00:00",
        "starter_code": STUB.format(function) if function else "",
        "difficulty": "easy",
        "public_test_cases": listed([("1", "2")] if public is None else public, kind),
        "private_test_cases": wrapped(hidden) if pack else hidden,
        "metadata": json.dumps({"func_name": function} if function else {}),
        **other,
    }


def write(path: Path, *rows: dict[str, Any]) -> Path:
    """A file of them."""
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path
