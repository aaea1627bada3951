"""Test code that is no list of inputs, run in a process of its own."""

import pytest

from ponder.sandboxes import Limits, Program, Sandbox

SHORT = Limits(cpu_seconds=1, wall_seconds=3)
CHECK = "def check(candidate):\n    for n in range(20):\n        assert candidate(n) == n * n, n\n"


async def check(sandbox: Sandbox, code: str, checker: str) -> tuple[str, str]:
    """How it ended, and the error."""
    execution = await sandbox.check(Program(code, "f"), checker, SHORT)
    (outcome,) = execution.outcomes
    return outcome.ended, outcome.error


async def test_a_right_program_passes_and_a_wrong_one_does_not(sandbox: Sandbox) -> None:
    checker = CHECK + "check(f)\ncheck(candidate)"

    assert await check(sandbox, "def f(n):\n    return n * n", checker) == ("value", "")
    assert await check(sandbox, "def f(n):\n    return n", checker) == (
        "exception", "AssertionError: 2",
    )  # fmt: skip


async def test_what_a_program_does_to_its_arguments_is_seen(sandbox: Sandbox) -> None:
    code = "def f(a, b, *, c):\n    a.append(3)\n    b.clear()\n    c['k'] = 1"
    checker = (
        "a, b, c = [1], {2}, {}\nassert f(a, b, c=c) is None\nassert (a, b) == ([1, 3], set())"
    )

    assert (await check(sandbox, code, checker))[0] == "value"


async def test_built_in_exceptions_come_through_by_name(sandbox: Sandbox) -> None:
    code = "def f(x):\n    raise x"
    checker = (
        "for kind in (ValueError, KeyError, OSError):\n    try:\n        g(kind.__name__)\n"
        "    except kind:\n        continue\n    assert False"
    )
    code = "import builtins\ndef f(name):\n    raise getattr(builtins, name)('no')"

    assert (await check(sandbox, code, checker.replace("g(", "f(")))[0] == "value"


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("def f(", "syntax_error"),
        ("1 / 0", "load_error"),
        ("def g(): pass", "load_error"),
        ("def f(n):\n    while True: pass", "time_limit"),
        ("import time\ndef f(n):\n    time.sleep(60)", "time_limit"),
        ("def f(n):\n    return bytearray(2**32)", "exception"),
        ("import ctypes\ndef f(n):\n    ctypes.string_at(0)", "crash"),
        ("import os\ndef f(n):\n    os._exit(0)", "exception"),
        ("def f(n):\n    while True: print('x' * 999)", "output_limit"),
    ],
)
async def test_a_program_that_fails_says_why(sandbox: Sandbox, code: str, ended: str) -> None:
    assert (await check(sandbox, code, CHECK + "check(f)"))[0] == ended


async def test_a_checker_that_fails_by_itself_is_no_pass(sandbox: Sandbox) -> None:
    code = "def f(n):\n    return n * n"

    assert (await check(sandbox, code, "import no_such_module"))[0] == "exception"
    assert (await check(sandbox, code, "assert ("))[0] == "exception"
    assert (await check(sandbox, code, "while True: pass"))[0] == "time_limit"
    assert (await check(sandbox, code, "import sys; sys.exit(0)"))[0] == "exception"


async def test_a_program_can_not_end_the_checkers_loop(sandbox: Sandbox) -> None:
    code = "def f(n):\n    raise StopIteration"
    checker = "assert all(map(lambda n: f(n) == n, range(3)))"

    assert (await check(sandbox, code, checker))[0] == "exception"


async def test_the_program_does_not_see_what_is_expected(sandbox: Sandbox) -> None:
    """It has the question, and nothing else of the checker's."""
    code = (
        "import gc, sys\ndef f(n):\n    frame, seen = sys._getframe(), []\n    while frame:\n"
        "        seen += [repr(v) for v in frame.f_locals.values() if type(v) in (str, int)]\n"
        "        frame = frame.f_back\n    raise ValueError('4321' in str(seen))"
    )
    checker = "secret = 4321\ntry:\n    assert f(1) == secret\nexcept ValueError as error:\n"
    checker += "    assert str(error) == 'False', error"

    assert (await check(sandbox, code, checker))[0] == "value"
