"""A grader's process: reads what to compare, a line of JSON each, and says whether it is equal.

    {"grading": "math-verify", "answer": "0.5", "gold": "1/2", "either": false}
    {"equal": true, "why": "", "tired": false}

The strings were written by a model, and what a computer algebra system does with them may take for
ever, or all memory. So this is a process of its own, with limits that the kernel holds even if
whoever started it is gone: `seconds` of CPU time for one comparison (SIGPROF ends the process) and
`memory` bytes of address space.

Run by its path, not imported: `python grader.py '{"seconds": 5, "memory": 536870912}'`. The
package's own `__init__` is left out, which would load much that is of no use here.
"""

import cmath
import importlib
import json
import logging
import os
import resource
import signal
import sys
import types
import zlib
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
    def read(text: str) -> tuple[list[Any], Value | None]:
        found: list[Any] = math_verify.parse(f"\\boxed{{{text}}}", config, parsing_timeout=None)
        if all(isinstance(each, str) for each in found):
            with suppress(plain.NotPlain, ArithmeticError, ValueError, TypeError):
                found = [plain.read_plain(text), *found]
        return found, value(found[0]) if found else None

    def same(answer: str, gold: str) -> bool:
        (given, one), (wanted, other) = read(answer), read(gold)
        if one and other and apart(one, other):
            return False  # to find no simplification that makes them equal takes long
        return bool(math_verify.verify(wanted, given, timeout_seconds=None))

    return same


Value = tuple[str, complex]
"""The variable that is said to have it ("" for an expression), and a number."""


def value(expression: Any) -> Value | None:
    """An expression's value, or that of the right side of "x = …", where each of its variables has
    some fixed one; None for what has none, or is not compared by it (a set, a name, 50 %)."""
    sympy: Any = importlib.import_module("sympy")
    name = ""
    if isinstance(expression, sympy.Eq) and isinstance(expression.lhs, sympy.Symbol):
        if expression.lhs in expression.rhs.free_symbols:
            return None
        name, expression = str(expression.lhs), expression.rhs
    if not isinstance(expression, sympy.Expr) or isinstance(expression, sympy.Symbol):
        return None
    kinds = (sympy.UnevaluatedExpr, sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)
    if expression.has(*kinds, sympy.Derivative):
        return None
    place = {
        symbol: sympy.Float(0.3 + zlib.crc32(str(symbol).encode()) / 2**32)
        for symbol in expression.free_symbols
    }
    try:
        number = complex(expression.evalf(15, subs=place))
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return None
    return (name, number) if cmath.isfinite(number) else None


def apart(one: Value, other: Value) -> bool:
    """Whether no rounding of Math-Verify's (to 6 decimals) makes the two equal. "x = 5" and "y = 5"
    are left to it."""
    if one[0] and other[0] and one[0] != other[0]:
        return False
    return abs(one[1] - other[1]) > 1e-4 * max(1.0, abs(one[1]), abs(other[1]))


def prm800k_rule() -> Rule:
    """PRM800K's own."""
    rules: Any = importlib.import_module("graders.prm800k_grading")
    importlib.import_module("sympy")
    importlib.import_module("pylatexenc")
    same: Rule = rules.same
    return same


RULES = {"math-verify": math_verify_rule, "prm800k": prm800k_rule}


def compare(rule: Rule, answer: str, gold: str, either: bool) -> dict[str, Any]:
    """What becomes of one comparison; `either` way round, if asked."""
    try:
        equal = rule(answer, gold) or (either and rule(gold, answer))
    except (MemoryError, RecursionError) as error:
        return {"equal": None, "why": f"comparing them ends in a {type(error).__name__}"}
    except Exception as error:  # noqa: BLE001  whatever a library does with a hostile text
        return {"equal": None, "why": f"comparing them fails ({type(error).__name__})"}
    return {"equal": equal, "why": ""}


def peak() -> int:
    """Bytes of address space this process has had at most."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
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
        signal.setitimer(signal.ITIMER_PROF, seconds)
        reply = compare(rule, asked["answer"], asked["gold"], asked["either"])
        signal.setitimer(signal.ITIMER_PROF, 0)
        tired = peak() > memory // 2
        if tired and not reply["equal"]:
            # An allocation that failed within a library's wide `except` looks like a difference.
            reply = {"equal": None, "why": "comparing them takes too much memory"}
        say(json.dumps({**reply, "tired": tired}))


def main() -> None:
    """Set the limits, make the files beside this one importable, and serve."""
    limits = json.loads(sys.argv[1])
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
