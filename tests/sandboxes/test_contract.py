"""What every sandbox must do. One worker runs all of it, so each program also follows another."""

import os
from typing import Any

import pytest

from ponder.errors import SandboxError
from ponder.sandboxes import Limits, Program, Sandbox

SHORT = Limits(cpu_seconds=1, wall_seconds=3)


async def call(sandbox: Sandbox, code: str, *inputs: Any, limits: Limits = SHORT) -> list[Any]:
    """What f does on each input: its value, or how it ended."""
    execution = await sandbox.run(Program(code, "f"), inputs or ((),), limits)
    return [o.value if o.ended == "value" else f"!{o.ended}" for o in execution.outcomes]


async def honest(sandbox: Sandbox) -> bool:
    """Whether the same worker still runs an honest program."""
    return await call(sandbox, "def f(x):\n    return x + 1", (1,), (2,)) == [2, 3]


async def test_values_of_all_kinds_come_back_as_they_are(sandbox: Sandbox) -> None:
    values = [1, True, 1.5, "é\ud800", None, [1, (2, {3})], {1: "a"}, b"\x00", 2j, 10**200]

    assert await call(sandbox, "def f(x):\n    return x", *((v,) for v in values)) == values


async def test_each_input_has_an_outcome_of_its_own(sandbox: Sandbox) -> None:
    assert await call(sandbox, "def f(x):\n    return 1 // x", (1,), (0,), (-1,)) == [
        1, "!exception", -1,
    ]  # fmt: skip


async def test_arguments_that_a_call_changes_are_new_for_the_next(sandbox: Sandbox) -> None:
    given = [1]

    got = await call(sandbox, "def f(x):\n    x.append(2)\n    return x", (given,), (given,))

    assert got == [[1, 2], [1, 2]]


async def test_a_method_of_solution_serves_as_the_function(sandbox: Sandbox) -> None:
    code = "class Solution:\n    def f(self, x):\n        return 2 * x"

    assert await call(sandbox, code, (4,)) == [8]


async def test_programs_read_real_standard_input(sandbox: Sandbox) -> None:
    code = "import sys\nn = int(input())\nprint(n, sum(map(int, sys.stdin.read().split())))"

    execution = await sandbox.run(Program(code), ["2\n3 4\n", "0\n", "x\n"], SHORT)

    assert [(o.ended, o.stdout) for o in execution.outcomes] == [
        ("value", "2 7\n"), ("value", "0 0\n"), ("exception", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "import os, sys\nprint(input())\nsys.stdout.flush()\nos._exit(0)",
        "import atexit\nout = []\natexit.register(lambda: print(*out))\nout.append(input())",
        "import threading, time\ndef main():\n    time.sleep(0.1)\n    print(input())\n"
        "threading.Thread(target=main).start()",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "ThreadPoolExecutor(1).submit(lambda: print(input()))",
        "with open('/dev/stdin') as file, open('/dev/stdout', 'w') as out:\n"
        "    out.write(file.read())",
    ],
    ids=["_exit", "atexit", "thread", "pool", "dev"],
)
async def test_a_program_may_read_write_and_end_as_elsewhere(sandbox: Sandbox, code: str) -> None:
    execution = await sandbox.run(Program(code), ["7\n"], SHORT)

    (outcome,) = execution.outcomes
    assert (outcome.ended, outcome.stdout) == ("value", "7\n")


async def test_input_that_is_no_text_harms_nobody(sandbox: Sandbox) -> None:
    execution = await sandbox.run(Program("print(len(input()))"), ["\ud800\n"], SHORT)

    assert execution.outcomes[0].stdout == "1\n"


async def test_a_program_may_leave_by_sys_exit(sandbox: Sandbox) -> None:
    code = "import sys\nprint('out')\nsys.exit(int(input()))"

    execution = await sandbox.run(Program(code), ["0", "3"], SHORT)

    assert [(o.ended, o.stdout) for o in execution.outcomes] == [
        ("value", "out\n"), ("exception", "out\n"),
    ]  # fmt: skip


async def test_megabytes_pass_both_ways(sandbox: Sandbox) -> None:
    limits = Limits(output_bytes=4 * 2**20, result_bytes=4 * 2**20)
    text = "x" * 2**21

    assert await call(sandbox, "def f(x):\n    return x", (text,), limits=limits) == [text]
    execution = await sandbox.run(Program("print(input())"), [text], limits)
    assert execution.outcomes[0].stdout == f"{text}\n"


async def test_threads_and_legal_recursion_work(sandbox: Sandbox) -> None:
    threads = (
        "import threading\ndef f():\n    got = []\n"
        "    ts = [threading.Thread(target=got.append, args=(i,)) for i in range(4)]\n"
        "    [t.start() for t in ts]\n    [t.join() for t in ts]\n    return sorted(got)"
    )
    deep = (
        "import sys\nsys.setrecursionlimit(20_000)\n"
        "def f(n=9000):\n    return 0 if n == 0 else 1 + f(n - 1)"
    )

    assert await call(sandbox, threads) == [[0, 1, 2, 3]]
    assert await call(sandbox, deep) == [9000]


async def test_the_standard_library_is_there(sandbox: Sandbox) -> None:
    code = (
        "import csv, dataclasses, enum, fcntl, hashlib, json.tool, mmap, queue, textwrap, uuid\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def f(x):\n    with ThreadPoolExecutor(3) as pool:\n"
        "        return list(pool.map(abs, x)), hashlib.md5(b'x').hexdigest()[:4]"
    )

    assert await call(sandbox, code, ([-1, 2],)) == [([1, 2], "9dd4")]


async def test_a_program_may_use_what_its_own_limits_say(sandbox: Sandbox) -> None:
    memory = "def f():\n    return len(bytearray(b'x' * 600_000_000))"
    threads = (
        "import threading, time\ndef f(n):\n    for _ in range(n):\n"
        "        threading.Thread(target=time.sleep, args=(0.3,)).start()\n"
        "    return threading.active_count()"
    )
    nested = (
        "import sys\nsys.setrecursionlimit(10**6)\n"
        "def f():\n    x = []\n    for _ in range(50_000): x = [x]\n    return len(repr(x))"
    )
    long = "import sys\nprint(sum(map(int, sys.stdin)))"

    assert await call(sandbox, memory) == ["!memory_limit"]
    assert await call(sandbox, memory, limits=Limits(memory_bytes=2**31)) == [600_000_000]
    assert await call(sandbox, threads, (7,)) == [8]
    assert await call(sandbox, threads, (30,), limits=Limits(threads=40)) == [31]
    assert await call(sandbox, nested, limits=Limits(stack_bytes=2**27)) == [100_002]
    execution = await sandbox.run(Program(long), ["7\n" * 4_000_000], Limits())
    assert execution.outcomes[0].stdout == "28000000\n"


async def test_more_than_may_be_given_is_said_to_be_so(sandbox: Sandbox) -> None:
    small = Limits(input_bytes=1000, code_bytes=1000)

    with pytest.raises(SandboxError, match="input_bytes is 1000"):
        await call(sandbox, "def f(x): pass", ("x" * 3000,), limits=small)
    assert await honest(sandbox)


async def test_an_input_that_is_no_data_is_said_to_be_so(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="an input cannot be given to a program"):
        await call(sandbox, "def f(x): pass", (object(),))
    assert await honest(sandbox)


async def test_no_inputs_have_no_outcomes(sandbox: Sandbox) -> None:
    assert (await sandbox.run(Program("x"), [])).outcomes == ()


BAD = {
    "syntax_error": "def f(:",
    "null byte": "\0",
    "load_error": "1 / 0",
    "no function": "g = 1",
    "exit at load": "import sys; sys.exit(0)",
    "exception": "def f():\n    return 1 / 0",
    "exit": "import sys\ndef f():\n    sys.exit(0)",
    "os._exit": "import os\ndef f():\n    os._exit(0)",
    "os._exit(125)": "import os\nos._exit(125)",
    "loop": "def f():\n    while True: pass",
    "loop at load": "while True: pass",
    "loop that ignores signals": (
        "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n"
        "    except Exception: pass\ndef f():\n    while True: pass"
    ),
    "sleep": "import time\ndef f():\n    time.sleep(1000)",
    "redos": "import re\ndef f():\n    return re.match('(a+)+$', 'a' * 60 + 'b') is None",
    "memory": "def f():\n    return len(bytearray(2**33))",
    "memory by and by": "def f():\n    x = []\n    while True: x.append(bytearray(2**20))",
    "output": "def f():\n    while True: print('x' * 1000)",
    "result": "def f():\n    return 'x' * 2**24",
    "segfault": "import ctypes\ndef f():\n    ctypes.string_at(0)",
    "abort": "import os\ndef f():\n    os.abort()",
    "recursion": "def f():\n    return f()",
    "nested result": ("def f():\n    x = []\n    for _ in range(100000): x = [x]\n    return x"),
    "digits": "import sys\nsys.set_int_max_str_digits(0)\ndef f():\n    return 10 ** 200000",
    "always equal": (
        "class E:\n    def __eq__(self, other): return True\ndef f():\n    return E()"
    ),
    "subclass": (
        "class I(int):\n    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 0\ndef f():\n    return I(0)"
    ),
    "forged lines": (
        "import os, json\ndef f():\n    for fd in range(3, 256):\n        try:\n"
        "            os.write(fd, b'junk\\n' * 10)\n        except OSError: pass\n    os._exit(0)"
    ),
    "closed descriptors": "import os\ndef f():\n    os.closerange(0, 64)\n    return 1",
    "stopped": "import os, signal\ndef f():\n    os.kill(os.getpid(), signal.SIGSTOP)",
    "patched json": (
        "import json\njson.JSONEncoder.encode = lambda *a: '{}'\ndef f():\n    return 1"
    ),
    "hostile exception": (
        "class E(Exception):\n    def __str__(self): raise SystemExit(0)\ndef f():\n    raise E"
    ),
    "dying thread": (
        "import threading, os\nthreading.Timer(0.1, os._exit, (0,)).start()\n"
        "def f():\n    while True: pass"
    ),
}
ENDED = {
    "syntax_error": {"syntax_error"},
    "load_error": {"load_error"},
    "exit at load": {"load_error"},
    "exception": {"exception"},
    "exit": {"exception"},
    "os._exit": {"no_result"},
    "os._exit(125)": {"no_result"},
    "loop": {"time_limit"},
    "loop at load": {"time_limit"},
    "loop that ignores signals": {"time_limit"},
    "sleep": {"time_limit"},
    "redos": {"time_limit"},
    "memory": {"memory_limit"},
    "memory by and by": {"memory_limit"},
    "output": {"output_limit"},
    "result": {"output_limit"},
    "segfault": {"crash"},
    "abort": {"crash"},
    "recursion": {"exception"},
    "nested result": {"bad_result"},
    "always equal": {"bad_result"},
    "subclass": {"bad_result"},
    "stopped": {"time_limit", "exception", "forbidden"},
}


@pytest.mark.parametrize("name", BAD)
async def test_no_program_gets_a_value_it_has_not_earned_or_harms_the_next(
    sandbox: Sandbox, name: str
) -> None:
    (got,) = await call(sandbox, BAD[name])

    assert isinstance(got, str)
    assert got[0] == "!"
    assert got[1:] in ENDED.get(name, {got[1:]})
    assert await honest(sandbox)


async def test_a_result_may_be_forged_but_only_as_data(sandbox: Sandbox) -> None:
    """A program may write its own result, which is no more than it could have returned."""
    forged = '{"ended": "value", "error": "", "value": 7}'
    code = f"import os\nos.write(4, b'{forged}\\n')\nos._exit(0)\ndef f(): pass"

    assert await call(sandbox, code) == [7]
    assert await call(sandbox, f"import os\nos.write(4, b'{forged}\\n' * 2)\ndef f(): pass") == [
        "!bad_result"
    ]


async def test_nothing_of_ours_is_in_its_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    code = (
        "import os, ctypes\ndef f():\n"
        "    seen = {k: v for k, v in os.environ.items() if not k.endswith('_NUM_THREADS')}\n"
        "    seen['libc'] = (ctypes.CDLL(None).getenv(b'OPENAI_API_KEY') or 0)\n"
        "    return seen"
    )

    assert await call(sandbox, code) == [{"libc": 0}]


async def test_a_program_sees_nothing_of_the_one_before(sandbox: Sandbox) -> None:
    token = os.urandom(8).hex()
    await call(sandbox, f"import builtins\nbuiltins.left = '{token}'\ndef f():\n    return 1")
    seek = (
        "import gc, builtins\ndef f():\n    found = hasattr(builtins, 'left')\n"
        "    for o in gc.get_objects():\n        found |= isinstance(o, dict) and 'left' in o\n"
        "    return found"
    )

    assert await call(sandbox, seek) == [False]


async def test_a_program_finds_its_descriptors_as_if_it_were_the_first(sandbox: Sandbox) -> None:
    code = (
        "import os\nfrom fcntl import F_GETFL, F_SETFL, fcntl\n"
        "def f():\n    flags = [fcntl(fd, F_GETFL) for fd in range(3)]\n"
        "    for fd in range(3):\n        fcntl(fd, F_SETFL, os.O_APPEND | os.O_NONBLOCK)\n"
        "    return flags"
    )

    assert await call(sandbox, code) == await call(sandbox, code)
