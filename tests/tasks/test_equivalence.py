"""Equal answers, one by one and in classes; and graders that hang, eat memory or are killed."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from ponder.errors import InputError, MissingError
from ponder.tasks import classes, equivalent
from ponder.tasks.equivalence import judge, require
from ponder.tasks.grader_pool import GraderPool
from ponder.tasks.grader_process import Judgement, Question
from ponder.tasks.math_task import Grading
from ponder.tasks.plain_answers import plain, quick

HANGS = "9**9**9**9"


@pytest.fixture(scope="module")
def pool() -> Iterator[GraderPool]:
    pool = GraderPool()
    yield pool
    pool.close()


@pytest.fixture
def strict() -> Iterator[GraderPool]:
    """One process, with little time and memory."""
    pool = GraderPool(workers=1, seconds=0.5, memory_bytes=256 * 2**20)
    yield pool
    pool.close()


def pids(pool: GraderPool) -> list[int]:
    return [grader.pid for grader in pool._crew.graders]


def hired(pool: GraderPool, after: int = 0) -> int:
    """The process that is there at last."""
    while not set(pids(pool)) - {after}:
        time.sleep(0.01)
    return (set(pids(pool)) - {after}).pop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


PLAIN: list[tuple[str, str, bool]] = [
    ("72", "72.", True),
    ("72", "73", False),
    ("-5", "5", False),
    ("1,234", "1234", True),
    ("1{,}234", "1234", True),
    ("3.50", "3.5", True),
    ("3.0", "3", True),
    ("007", "7", True),
    ("$18", "18", True),
    ("\\$18", "18", True),
    ("18 dollars per day", "18", True),
    ("18\\text{ dollars}", "18", True),
    ("18 dollars", "19 dollars", False),
    ("$\\frac{1}{2}$", "\\dfrac12", True),
    ("2/4", "1/2", True),
    ("-1/2", "\\frac{-1}{2}", True),
    ("0.33", "1/3", False),
    ("\\left( 1, 2 \\right)", "( 1, 2 )", True),
    ("", "5", False),
    ("", "", False),
    ("\ud800", "\ud800", True),
    ("1" * 10**6, "1" * 10**6, True),
]


@pytest.mark.parametrize(("answer", "gold", "equal"), PLAIN)
def test_what_is_plain_needs_no_process(answer: str, gold: str, equal: bool) -> None:
    assert quick(plain(answer, "math-verify"), plain(gold, "math-verify")) is equal


@pytest.mark.parametrize(
    ("answer", "gold", "equal"),
    [("1/2", "\\frac{1}{2}", True), ("0.50", "0.5", True), ("5", "6", False), ("", "", True)],
)
def test_what_is_plain_to_prm800k_needs_no_process(answer: str, gold: str, equal: bool) -> None:
    assert quick(plain(answer, "prm800k"), plain(gold, "prm800k")) is equal


@pytest.mark.parametrize(
    ("answer", "gold", "grading"),
    [
        ("0.3333333", "1/3", "math-verify"),
        ("5 million", "5", "math-verify"),
        ("50\\%", "50", "math-verify"),
        ("1/0", "2", "math-verify"),
        ("10 AM", "10 PM", "math-verify"),
        ("100 cm", "1 meter", "math-verify"),
        ("2/4", "1/2", "prm800k"),
        ("5 cm", "5", "prm800k"),
    ],
)
def test_what_is_not_plain_is_left_to_the_graders(answer: str, gold: str, grading: Grading) -> None:
    assert quick(plain(answer, grading), plain(gold, grading)) is None


@pytest.mark.parametrize(
    ("answer", "gold", "equal"),
    [
        ("2\\sqrt{2}", "\\sqrt{8}", True),
        ("1+x", "x+1", True),
        ("0.3333333", "1/3", True),
        ("(1,2)", "[1,2]", False),
        ("2,1", "1,2", True),
        ("x = 5", "5", True),
        ("5\\text{ cm}", "5", True),
        ("50\\%", "50", True),
        ("\\text{Evelyn}", "Evelyn", True),
        ("2**3", "8", True),
        ("5 million", "5", False),
        ("y=3x+1", "y=2x+1", False),
        ("\ud800", "5", False),
        ("٣", "\\sqrt{9}", False),
    ],
)
async def test_answers_are_equal_as_math_verify_has_it(
    pool: GraderPool, answer: str, gold: str, equal: bool
) -> None:
    assert await equivalent(answer, gold, pool=pool) is equal


def test_no_text_takes_long_to_be_found_plain() -> None:
    hostile = ["5 " + "a" * 990 + "!", "1,111" * 200, "$" * 1000, "5 " * 500, "{,}" * 300]
    start = time.process_time()

    for text in hostile:
        plain(text, "math-verify")
        plain(text, "prm800k")

    assert time.process_time() - start < 0.5


@pytest.mark.slow
async def test_math_verify_itself_says_the_same(pool: GraderPool) -> None:
    math_verify = pytest.importorskip("math_verify")
    config = [math_verify.LatexExtractionConfig()]
    answers = (
        ["5", "5.0", "1/2", "\\frac12", "0.5", "50\\%", "0.333333", "1/3", "\\sqrt{8}"]
        + ["2\\sqrt{2}", "2^{3}", "8", "x+1", "1+x", "x=5", "y=5", "5=x", "(1,2)", "[1,2]"]
        + ["\\{1,2\\}", "2,1", "\\pi", "3.14159265", "x<5", "5>x", "\\text{A}", "A", "45^\\circ"]
        + ["1,234", "1234", "3+4i", "y=2x+1", "2x-y+1=0", "1e5", "10^{-6}", "7\\frac{3}{4}", "31/4"]
    )
    parsed = {
        each: math_verify.parse(f"\\boxed{{{each}}}", config, parsing_timeout=None)
        for each in answers
    }

    for answer, gold in product(answers, repeat=2):
        expected = math_verify.verify(parsed[gold], parsed[answer], timeout_seconds=None)
        assert await equivalent(answer, gold, pool=pool) is expected, (answer, gold)


async def test_prm800k_s_rules_are_the_other_grading(pool: GraderPool) -> None:
    pairs = [("0.25", "1/4"), ("\\frac{2}{4}", "\\frac{1}{2}"), ("x+1", "1+x"), ("2^{3}", "8")]

    equal = [await equivalent(answer, gold, "prm800k", pool=pool) for answer, gold in pairs]

    assert equal == [True, False, True, False]


@pytest.mark.parametrize(
    "hostile",
    [HANGS]
    + [
        pytest.param(each, marks=pytest.mark.slow)
        for each in ("9^{9^{9^{9}}}", "10^{10^{10}}", "10000000000!", "(" * 400)
    ],
)
async def test_an_answer_that_hangs_cannot_be_judged(strict: GraderPool, hostile: str) -> None:
    judgement = await judge(hostile, "5", pool=strict)

    assert judgement == Judgement(None, "comparing them takes more than 0.5 seconds")
    assert pids(strict) == []
    assert await equivalent("2+3", "5", pool=strict)


async def test_an_answer_that_eats_memory_cannot_be_judged() -> None:
    pool = GraderPool(workers=1, seconds=30, memory_bytes=160 * 2**20)

    judgement = await judge("2^{10^{12}}", "5", pool=pool)

    assert judgement.equal is None
    assert "memory" in judgement.why.lower()
    assert await equivalent("2+3", "5", pool=pool)
    pool.close()


@pytest.mark.parametrize("hostile", ["1" * 10**6, "x" * 10**6, "{" * 10**6, "\ud800" * 10**6])
async def test_an_answer_of_a_megabyte_is_not_read(strict: GraderPool, hostile: str) -> None:
    start = time.process_time()

    for grading in ("math-verify", "prm800k"):
        judgement = await judge(hostile, "\\sqrt{2}", grading, pool=strict)
        assert judgement == Judgement(None, "1000000 characters are more than an answer has")

    assert time.process_time() - start < 1
    assert pids(strict) == []


async def test_a_process_that_is_killed_is_replaced_and_asked_again() -> None:
    pool = GraderPool(workers=1, seconds=10)
    assert await equivalent("2+3", "5", pool=pool)
    (first,) = pids(pool)

    asked = asyncio.ensure_future(equivalent(HANGS, "5", pool=pool))
    await asyncio.sleep(0.3)
    os.kill(first, signal.SIGKILL)
    second = hired(pool, after=first)
    os.kill(second, signal.SIGKILL)

    assert await asked is None
    assert await equivalent("2+3", "5", pool=pool)
    pool.close()
    assert not alive(first)
    assert not alive(second)


async def test_what_is_asked_of_a_closed_pool_has_no_judgement() -> None:
    pool = GraderPool(workers=1, seconds=30)
    waiting = [pool.submit(Question(HANGS, ("5",), "math-verify")) for _ in range(3)]
    hired(pool)

    pool.close()
    pool.close()

    assert {future.result(5)[0].equal for future in waiting} == {None}
    assert (await judge("x+1", "1+x", pool=pool)).why == "the graders are closed"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("", "it has ended"),
        ("print('nonsense')", "it makes no sense"),
        ("print('[]')", "it makes no sense"),
        ("print('{}')", "it does not start"),
        ("print('x' * 10**6)", "it says too much"),
        ("print('{\"ready\": 1}'); print('{\"equal\": 3}'); input()", "it makes no sense"),
        (
            'print(\'{"ready": 1}\'); print(\'{"equal": [], "why": ""}\'); input()',
            "it makes no sense",
        ),
    ],
)
async def test_a_process_that_is_no_grader_costs_no_more_than_a_judgement(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, why: str
) -> None:
    (tmp_path / "grader.py").write_text(f"import sys\n{program}\nsys.stdout.flush()\n")
    monkeypatch.setattr("ponder.tasks.grader_process.SCRIPT", tmp_path / "grader.py")
    pool = GraderPool(workers=1)

    judgement = await judge("x+1", "1+x", pool=pool)

    pool.close()
    assert judgement == Judgement(None, f"the grader's process failed 2 times: {why}")


def test_a_pool_that_is_forgotten_ends_its_processes() -> None:
    pool = GraderPool(workers=1)
    assert asyncio.run(equivalent("2+3", "5", pool=pool))
    (pid,) = pids(pool)

    del pool

    assert not alive(pid)


def test_an_interpreter_that_exits_ends_its_graders_at_once() -> None:
    program = (
        "from ponder.tasks.grader_pool import GraderPool, Question\n"
        "pool = GraderPool(workers=1, seconds=60)\n"
        f"pool.submit(Question({HANGS!r}, ('5',), 'math-verify'))\n"
        "while not pool._crew.graders: pass\n"
        "print([grader.pid for grader in pool._crew.graders][0])\n"
    )
    start = time.monotonic()

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert time.monotonic() - start < 20
    assert ended.stderr == ""
    assert not alive(int(ended.stdout))


def test_a_pool_serves_several_threads_and_loops(pool: GraderPool) -> None:
    found: list[bool | None] = []

    def ask(n: int) -> None:
        found.append(asyncio.run(equivalent(f"x+{n}", f"{n}+x", pool=pool)))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 8
    assert len(pids(pool)) <= 2


async def test_a_caller_that_gives_up_costs_no_other(strict: GraderPool) -> None:
    asked = asyncio.ensure_future(equivalent(HANGS, "5", pool=strict))
    other = asyncio.ensure_future(equivalent("2+3", "5", pool=strict))
    await asyncio.sleep(0.01)

    asked.cancel()

    assert await other


async def test_equal_answers_are_in_one_class(pool: GraderPool) -> None:
    answers = ["1", "\\sqrt{4}", "1.0", "2", None, "x+1", "", " ", "1+x", "x=2", "\\frac{2}{2}"]

    assert await classes(answers, pool=pool) == [[0, 2, 10], [1, 3, 9], [5, 8]]


async def test_a_unit_says_something_only_where_both_have_one(pool: GraderPool) -> None:
    answers = ["18 dollars", "\\sqrt{324}", "18 AM", "18", "18 PM", "18 inches", "18 inch"]

    found = await classes(answers, pool=pool)

    assert found == [[0, 1, 3], [2], [4], [5, 6]]


async def test_classes_follow_the_grading(pool: GraderPool) -> None:
    answers = ["\\frac{2}{4}", "\\frac{1}{2}", "0.5", "1/2"]

    assert await classes(answers, pool=pool) == [[0, 1, 2, 3]]
    assert await classes(answers, "prm800k", pool=pool) == [[0, 2], [1, 3]]


async def test_what_cannot_be_compared_is_equal_to_its_own_text_alone(strict: GraderPool) -> None:
    long = "1+" * 10**5

    found = await classes(["5", HANGS, long, "2+3", HANGS, long, "x", "5"], pool=strict)

    assert found == [[0, 3, 7], [1, 4], [2, 5], [6]]


async def test_a_thousand_answers_are_grouped_fast(pool: GraderPool) -> None:
    forms = ["{n}", "{n}.0", "\\frac{{{m}}}{{2}}", "{n} dollars", "\\sqrt{{{q}}}", "x={n}"]
    answers = [forms[i % 6].format(n=i % 7, m=2 * (i % 7), q=(i % 7) ** 2) for i in range(1000)]
    start = time.monotonic()

    found = await classes(answers, pool=pool)

    assert [members[0] for members in found] == list(range(7))
    assert sum(map(len, found)) == 1000
    assert time.monotonic() - start < 20  # half a second on a quiet core


def test_no_key_of_ours_is_in_a_grader_s_environment(
    monkeypatch: pytest.MonkeyPatch, pool: GraderPool
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    fresh = GraderPool(workers=1)
    assert asyncio.run(equivalent("2+3", "5", pool=fresh))
    (pid,) = pids(fresh)

    environment = Path(f"/proc/{pid}/environ").read_bytes()

    fresh.close()
    assert b"OPENAI_API_KEY" not in environment


def test_what_is_missing_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ponder.tasks.equivalence.find_spec", lambda name: None)

    with pytest.raises(MissingError, match=r"without math_verify: pip install 'ponder\[math\]'"):
        require()
    with pytest.raises(MissingError, match=r"without sympy: pip install 'ponder\[math\]'"):
        require("prm800k")


async def test_a_grader_without_its_library_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "math_verify.py").write_text("raise ModuleNotFoundError('no', name='math_verify')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    pool = GraderPool(workers=1)

    with pytest.raises(MissingError, match=r"math_verify: pip install 'ponder\[math\]'"):
        await equivalent("x+1", "1+x", pool=pool)
    pool.close()


@pytest.mark.parametrize("limits", [{"workers": 0}, {"seconds": 0.0}, {"memory_bytes": 1}])
def test_limits_that_cannot_be_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(InputError, match="graders: workers must be at least 1"):
        GraderPool(**limits)
