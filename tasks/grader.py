"""A grader's process: reads what to compare, a line of JSON each, and says what is equal.

    {"grading": "math-verify", "answer": "0.5", "golds": ["1/3", "1/2", "1"], "either": false}
    {"equal": [false, true], "why": "", "tired": false}

It goes on to the first that is equal; `why` is of those that are null.

The strings were written by a model, and what a computer algebra system does with them may take for
ever, or all memory. So this is a process of its own, with limits that the kernel holds even if
whoever started it is gone: `seconds` of CPU time for one comparison (SIGPROF ends the process) and
`memory` bytes of address space.

Run by its path, not imported: `python grader.py '{"seconds": 5, "memory": 536870912}'`. The
package's own `__init__` is left out, which would load much that is of no use here.
"""

import importlib
import json
import logging
import os
import resource
import signal
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

Rule = Callable[[str, str], bool]


def math_verify_rule() -> Rule:
    """huggingface/Math-Verify's verdict, gold first, without its own timeouts (they need SIGALRM,
    and are swallowed where an `except` is too wide).

    Only LaTeX is read by it: what it reads plain expressions by is Python's `eval`. An answer that
    is no LaTeX is read by our own parser instead.
    """
    math_verify: Any = importlib.import_module("math_verify")
    plain: Any = importlib.import_module("graders.plain_math")
    config = [math_verify.LatexExtractionConfig()]

    @lru_cache(maxsize=1024)
    def read(text: str) -> list[Any]:
        found: list[Any] = math_verify.parse(f"\\boxed{{{text}}}", config, parsing_timeout=None)
        if all(isinstance(each, str) for each in found):
            with suppress(plain.NotPlain, ArithmeticError, ValueError, TypeError):
                return [plain.read_plain(text), *found]
        return found

    def apart(given: list[Any], wanted: list[Any]) -> bool:
        (name, one), (other_name, other) = (
            side(each[0]) if each else ("", None) for each in (given, wanted)
        )
        if one is None or other is None or (name and other_name and name != other_name):
            return False  # "x = 5" and "y = 5" are left to Math-Verify, but not "x = 5" and 6
        return bool(plain.apart(plain.value_of(one), plain.value_of(other)))

    def same(answer: str, gold: str) -> bool:
        given, wanted = read(answer), read(gold)
        if apart(given, wanted):
            return False
        return bool(math_verify.verify(wanted, given, timeout_seconds=None))

    return same


def side(expression: Any) -> tuple[str, Any]:
    """The x of "x = …" ("" if there is none), and what it is compared by; None for what is not
    compared by its value: a set, a name, 50 %, an integral."""
    sympy: Any = importlib.import_module("sympy")
    name = ""
    if isinstance(expression, sympy.Eq) and isinstance(expression.lhs, sympy.Symbol):
        if expression.lhs in expression.rhs.free_symbols:
            return "", None
        name, expression = str(expression.lhs), expression.rhs
    kinds = (sympy.UnevaluatedExpr, sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)
    if not isinstance(expression, sympy.Expr) or isinstance(expression, sympy.Symbol):
        return "", None
    return (name, None) if expression.has(*kinds, sympy.Derivative) else (name, expression)


def prm800k_rule() -> Rule:
    """PRM800K's own."""
    rules: Any = importlib.import_module("graders.prm800k_grading")
    importlib.import_module("sympy")
    importlib.import_module("pylatexenc")
    same: Rule = rules.same
    return same


RULES = {"math-verify": math_verify_rule, "prm800k": prm800k_rule}


def first_equal(rule: Rule, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What becomes of the comparisons up to the first that is equal; `either` way round, if asked.
    Each has `seconds` of CPU time."""
    answer, found, why = asked["answer"], [], ""
    for gold in asked["golds"]:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            equal = rule(answer, gold) or (asked["either"] and rule(gold, answer))
        except Exception as error:  # noqa: BLE001  whatever a library does with a hostile text
            equal, why = None, f"comparing them ends in a {type(error).__name__}"
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        found.append(equal)
        if equal:
            break
    return {"equal": found, "why": why}


def peak() -> int:
    """Bytes of address space this process has had at most; 0 where there is no /proc."""
    status = Path("/proc/self/status")
    text = status.read_text("ascii", "replace") if status.exists() else ""
    for line in text.splitlines():
        if line.startswith("VmPeak:"):
            return int(line.split()[1]) * 1024
    return 0


def serve(seconds: float, memory: int) -> None:
    """Answer until the input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing a library prints is a reply
    say = partial(print, file=replies, flush=True)
    rules: dict[str, Rule] = {}
    say(json.dumps({"ready": True}))
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            rule = rules.get(asked["grading"]) or RULES[asked["grading"]]()
        except ImportError as error:
            say(json.dumps({"missing": error.name}))
            continue
        rules[asked["grading"]] = rule
        reply = first_equal(rule, asked, seconds)
        tired = peak() > memory // 2
        if tired:
            # An allocation that failed within a library's wide `except` looks like a difference.
            reply["equal"] = [equal or None for equal in reply["equal"]]
            reply["why"] = "comparing them takes too much memory"
        say(json.dumps({**reply, "tired": tired}))


def main() -> None:
    """Set the limits, make the files beside this one importable, and serve."""
    limits = json.loads(sys.argv[1])
    with suppress(ValueError, OSError):  # macOS holds no such limit
        resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)
    beside = types.ModuleType("graders")
    beside.__path__ = [str(Path(__file__).parent)]
    sys.modules["graders"] = beside
    serve(limits["seconds"], limits["memory"])


if __name__ == "__main__":
    main()
