"""LiveCodeBench's tasks on real sandboxes: programs that its own harness fails pass, if right."""

import json
from typing import Any

import pytest

from ponder.sandboxes import Program, Sandbox
from ponder.tasks.livecodebench import HEADER, livecodebench_task
from ponder.verifiers import HiddenTests, PublicTests, Verdict

from ..support.lcb import Cases, row

SUMS: Cases = [("2\n3 4\n", "7\n"), ("3\n1 2\n3\n", "6\n"), ("0\n", "0\n")]
"""The first line is a count, the rest so many numbers; their sum."""
PROGRAMS = {
    "for line in sys.stdin": """
import sys
total = 0
next(sys.stdin)
for line in sys.stdin:
    total += sum(map(int, line.split()))
print(total)
""",
    "sys.stdin.buffer.readline() again and again": """
import sys
n = int(sys.stdin.buffer.readline())
numbers = []
while len(numbers) < n:
    numbers += map(int, sys.stdin.buffer.readline().split())
print(sum(numbers))
""",
    "a global statement": """
total = 0
def add(x):
    global total
    total += x
def main():
    n = int(input())
    left = n
    while left > 0:
        numbers = list(map(int, input().split()))
        left -= len(numbers)
        for x in numbers:
            add(x)
    print(total)
if __name__ == "__main__":
    main()
""",
    "the number of readlines()": """
import sys
lines = sys.stdin.readlines()
assert lines[-1] != ""
print(sum(int(x) for i in range(1, len(lines)) for x in lines[i].split()))
assert len(lines) <= 3 and (len(lines) > 1 or lines == ["0\\n"])
""",
}


async def grade(sandbox: Sandbox, code: str, **given: Any) -> Verdict:
    """By all of a row's tests."""
    loaded = livecodebench_task(row(**given))
    assert loaded.key is not None
    (verdict,) = await HiddenTests(sandbox, loaded.key).judge(loaded.task, [code])
    return verdict


@pytest.mark.parametrize("code", PROGRAMS.values(), ids=PROGRAMS)
async def test_programs_that_the_harness_s_stand_in_for_stdin_fails_pass(
    sandbox: Sandbox, code: str
) -> None:
    verdict = await grade(sandbox, code, public=SUMS[:1], private=SUMS[1:])

    assert (verdict.passed, verdict.reason) == (True, "all 3 tests pass")


@pytest.mark.parametrize(
    ("printed", "passed"),
    [("1.50 2", True), (" 1.5  2.0\n\n", True), ("1.5 3", False), ("1.5\n2", False), ("", False)],
)
async def test_output_is_compared_as_the_harness_does(
    sandbox: Sandbox, printed: str, passed: bool
) -> None:
    verdict = await grade(sandbox, f"print({printed!r})", public=[("", "1.5 2\n")], private=[])

    assert verdict.passed is passed


async def test_starter_code_that_imports_nothing_runs(sandbox: Sandbox) -> None:
    code = (
        "from __future__ import annotations\n"
        "class Solution:\n    def __init__(self):\n        self.seen = Counter()\n"
        "    def halves(self, n: int) -> List[int]:\n"
        "        heap = [n]\n        heappush(heap, n // 2)\n        return tuple(sorted(heap))"
    )
    cases: Cases = [("4", "[2, 4]"), ("10", "[5, 10]")]

    verdict = await grade(sandbox, code, public=cases, private=cases, function="halves")

    assert (verdict.passed, verdict.reason) == (True, "all 4 tests pass")


async def test_deep_recursion_and_a_program_without_imports_run(sandbox: Sandbox) -> None:
    code = (
        "def depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)\n"
        "print(depth(int(input())), sqrt(4), gcd(4, 6), sys.argv == ['main.py'])"
    )

    verdict = await grade(sandbox, code, public=[("9000", "9000 2.0 2 True")], private=[])

    assert verdict.reason == "all 1 tests pass"


@pytest.mark.parametrize(
    ("body", "passed"), [("return [1.0]", False), ("return 1", False), ("return (1,)", True)]
)
async def test_a_method_s_answer_has_the_right_type(
    sandbox: Sandbox, body: str, passed: bool
) -> None:
    code = f"class Solution:\n    def f(self, n):\n        {body}"

    verdict = await grade(sandbox, code, public=[("1", "[1]")], private=[], function="f")

    assert verdict.passed is passed


async def test_the_first_test_that_fails_is_the_last(sandbox: Sandbox) -> None:
    code = "n = int(input())\nwhile n == 2:\n    pass\nprint(n)"
    cases: Cases = [(str(n), str(n)) for n in (1, 2, 2, 2, 2, 2, 2, 2, 2, 2)]
    loaded = livecodebench_task(row(public=[], private=cases))
    assert loaded.key is not None
    ran: list[str] = []

    class Watched:
        name, is_boundary = "watched", True

        async def run(self, program: Program, inputs: Any, limits: Any) -> Any:
            ran.extend(inputs)
            limits = type(limits)(cpu_seconds=1, wall_seconds=3)
            return await sandbox.run(program, inputs, limits)

    watched: Any = Watched()
    (verdict,) = await HiddenTests(watched, loaded.key).judge(loaded.task, [code])

    assert ran == ["1", "2"]
    assert (verdict.score, verdict.passed) == (0.1, False)
    assert "time limit" in verdict.reason


async def test_public_tests_share_one_solution(sandbox: Sandbox) -> None:
    code = (
        "class Solution:\n    def __init__(self):\n        self.calls = 0\n"
        "    def f(self, n):\n        self.calls += 1\n        return [self.calls]"
    )
    task = livecodebench_task(row(public=[("0", "[1]"), ("0", "[2]")], function="f")).task

    (verdict,) = await PublicTests(sandbox).judge(task, [code])

    assert verdict.passed


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("def f(x):\n    return x\nclass Solution:\n    def f(self, x):\n        return -x", -3),
        ("def f(x):\n    return x", 3),
        ("class Solution:\n    pass\ndef f(x):\n    return x", None),
        ("class Solution:\n    def __init__(self, x): ...\n    def f(self, x): ...", None),
    ],
)
async def test_a_method_goes_before_a_function_of_its_name(
    sandbox: Sandbox, code: str, value: Any
) -> None:
    (outcome,) = (await sandbox.run(Program(code, "Solution.f"), [(3,)])).outcomes

    assert outcome.value == value
    assert outcome.ended == ("load_error" if value is None else "value")


async def test_a_check_calls_a_method_by_its_name(sandbox: Sandbox) -> None:
    code = "class Solution:\n    def f(self, x):\n        return isqrt(x)"
    program = Program(code, "Solution.f", HEADER)

    (good,) = (await sandbox.check(program, "assert f(9) == candidate(10) == 3")).outcomes
    (bad,) = (await sandbox.check(program, "assert f(9) == 4")).outcomes

    assert (good.ended, bad.ended) == ("value", "exception")


async def test_a_syntax_error_is_on_the_program_s_own_line(sandbox: Sandbox) -> None:
    (outcome,) = (await sandbox.run(Program("x = 1\ny = (", None, HEADER), [""])).outcomes

    assert outcome.ended == "syntax_error"
    assert "line 2" in outcome.error


def test_the_header_is_python() -> None:
    names: dict[str, Any] = {}

    exec(HEADER.replace("sys.setrecursionlimit(50_000)", ""), names)  # our own text

    assert names["datetime"].date is not None  # the modules, where a name is both
    assert names["pow"] is pow
    assert json.dumps([names["List"].__name__, names["inf"] > 1]) == '["List", true]'
