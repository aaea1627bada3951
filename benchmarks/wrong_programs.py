"""Programs made of a right one that are wrong, or right, in ways that no mutant is."""

from collections.abc import Mapping

CALLS = """
_right = {name}


def {name}(*args):
    {body}
"""
"""The right program, called by another of its name."""

WRAPPERS: Mapping[str, str] = {
    "prints": "print('so far so good' * 10); return _right(*args)",
    "raises": "_right(*args); raise ValueError('not today')",
    "nothing": "_right(*args)",
    "leaves": "import sys; sys.exit(0)",
    "ends": "import os; os._exit(0)",
    "float": "out = _right(*args); return out * (1 + 1e-3) if isinstance(out, float) else out",
    "close": "out = _right(*args); return out * (1 + 1e-9) if isinstance(out, float) else out",
    "other": "out = _right(*args); kinds = {list: tuple, tuple: list}; "
    "return kinds.get(type(out), type(out))(out)",
    "text": "return str(_right(*args))",
    "twice": "return [_right(*args)] * 2",
    "greedy": "held = bytearray(8 * 2**30); return _right(*args)",
    "counts": "seen.append(1); return _right(*args) if len(seen) <= 40 else None",
    "copies": "import copy; return copy.deepcopy(_right(*copy.deepcopy(args)))",
    "mutates": "out = _right(*args); lists = [a for a in args if isinstance(a, list)]; "
    "[a.clear() for a in lists if a is not out]; return out",
}
"""By name, the body of a function that calls the right one. Each runs on any task."""
RARE: Mapping[str, str] = {
    "loops": "while True: pass",
    "sleeps": "import time; time.sleep(2); return _right(*args)",
    "hog": "held = bytearray(2**30); return _right(*args)",
    "shouts": "print('x' * 10**6); return _right(*args)",
    "array": "import numpy; return _right(*args)",
    "equal": "return type('Same', (), {'__eq__': lambda self, other: True})()",
    "exact": "from fractions import Fraction; out = _right(*args); "
    "return Fraction(out) if isinstance(out, int | float) else out",
    "child": "out = _right(*args); return type('Child', (type(out),), {})(out)",
}
"""The same, for the few tasks that are worth it: they cost a time-out, or are known to be judged
differently."""


def wrapped(source: str, function: str, body: str) -> str:
    """A program that answers by that body."""
    return f"seen = []\n{source}\n" + CALLS.format(name=function, body=body)


def broken(source: str, function: str) -> dict[str, str]:
    """Programs that a harness must survive, by what is wrong with them."""
    method = "\n".join(f"    {line}" for line in source.splitlines())
    return {
        "empty": "",
        "renamed": f"{source}\n{function}_ = {function}\ndel {function}\n",
        "syntax": f"{source}\ndef (",
        "reads": f"given = input()\n{source}",
        "future": f"from __future__ import annotations\n{source}",
        "surrogate": f"{source}\n# \ud800\n",
        "nul": f"{source}\n# \0\n",
        "fenced": f"```python\n{source}\n```\n",
        "method": f"class Solution:\n    @staticmethod\n    def _(): pass\n{method}\n",
        "uncallable": f"{source}\n{function} = 3\n",
    }
