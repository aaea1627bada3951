"""The candidate's own process: load its program, run it, write its results as data.

Everything here shares a process with hostile code, so nothing it writes is trusted: it is one way
among many for a program to put bytes into its results pipe.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import io
import json
import os
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

import checker  # type: ignore[import-not-found]
import values  # type: ignore[import-not-found]  # lies beside this file in the image

JOB, RESULTS, QUESTIONS, ANSWERS = 3, 4, 5, 6
"""Descriptors."""
ERROR = 300
"""Characters of an error that are reported."""
THREAD_STACK = 4 * 2**20
"""Bytes of a thread's stack, unless a program calls `threading.stack_size`."""
WARM_UP = 30
"""Rehearsals after which another changes nothing (measured)."""
REHEARSAL = json.dumps(
    {
        "code": "def f(x):\n    return [x, 1, (2, 3)]\n",
        "inputs": [[1], [{"$": "tuple", "v": [1, 2]}]],
    }
)


DECODER, ENCODER = json.JSONDecoder(), json.JSONEncoder(allow_nan=False)


def prepare() -> None:
    """What every candidate needs and no job decides, done once by the zygote: a child then shares
    it, where it would spend more on making it than on most programs."""
    # Made over pipes, the streams do not take themselves to be seekable.
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.dup2(writing, 1)
    os.close(reading)
    os.close(writing)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)))
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
    sys.argv = ["main.py"]
    # Else a thread's stack is as large as the main one's may be, and few fit into its memory.
    _thread.stack_size(THREAD_STACK)
    for _ in range(WARM_UP):
        rehearse()


def rehearse() -> None:
    """A job like any other, so that its code paths and memory are there before the fork."""
    job = DECODER.raw_decode(REHEARSAL)[0]
    names: dict[str, Any] = {}
    exec(compile(job["code"], "main.py", "exec"), names)  # ours
    for given in job["inputs"]:
        line_of("value", "", values.to_json(names["f"](*values.from_json(given))))


def main() -> NoReturn:
    """Run the job and end the process."""
    job = DECODER.raw_decode(read_all(JOB).decode())[0]
    results = Results(RESULTS)
    try:
        KINDS[job["kind"]](job, results)
    except MemoryError:
        results.put("memory_limit", "MemoryError")
    finally:
        flush()
    os._exit(0)


def read_all(fd: int) -> bytes:
    """To its end, and close it."""
    data = b""
    while part := os.read(fd, 2**20):
        data += part
    os.close(fd)
    return data


class Results:
    """One JSON line per input, written as soon as it is known."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def put(self, ended: str, error: str = "") -> None:
        """How an input ended, where it gave no value."""
        self.send(line_of(ended, error, None))

    def send(self, line: bytes) -> None:
        """The whole line."""
        view = memoryview(line)
        while view:
            view = view[os.write(self.fd, view) :]


def line_of(ended: str, error: str, value: Any) -> bytes:
    """One result."""
    data = {"ended": ended, "error": error[:ERROR], "value": value}
    return (ENCODER.encode(data) + "\n").encode()


def compiled(job: dict[str, Any], results: Results) -> types.CodeType | None:
    """The program's code, or None after saying why it has none."""
    try:
        return compile(job["code"], "main.py", "exec")
    except (SyntaxError, ValueError, RecursionError, OverflowError, MemoryError) as error:
        results.put("syntax_error", describe(error))
        return None


def load(job: dict[str, Any], results: Results) -> types.ModuleType | None:
    """The program's module, or None after saying what is wrong with it."""
    code = compiled(job, results)
    if code is None:
        return None
    module = sys.modules["candidate_main"] = types.ModuleType("candidate_main")
    try:
        exec(job["header"], module.__dict__)
        exec(code, module.__dict__)  # this is the sandbox: the one place for it
    except MemoryError:
        raise
    except BaseException as error:
        results.put(*failed(error, "load_error"))
        return None
    return module


def loaded_function(job: dict[str, Any], results: Results) -> Callable[..., Any] | None:
    """The entry point, or None after saying why there is none."""
    module = load(job, results)
    if module is None:
        return None
    function = find(module, job["entry"])
    if function is None:
        results.put("load_error", f"NameError: {job['entry']} is not defined")
    return function


def run_calls(job: dict[str, Any], results: Results) -> None:
    """Call the entry point on every input, arguments made anew for each."""
    function = loaded_function(job, results)
    if function is None:
        return
    for given in job["inputs"]:
        try:
            value = function(*values.from_json(given))
        except MemoryError:
            results.put("memory_limit", "MemoryError")
        except BaseException as error:
            results.put(*failed(error, "exception"))
        else:
            give(results, value)


def answer(job: dict[str, Any], results: Results) -> None:
    """Call the entry point on whatever the checker asks, one question a line, until it is gone."""
    function = loaded_function(job, results)
    if function is None:
        return
    answers = Results(ANSWERS)
    with open(QUESTIONS, "rb") as questions:
        for line in questions:
            args, words = (values.from_json(part) for part in json.loads(line))
            try:
                value = function(*args, **words)
            except MemoryError:
                answers.put("memory_limit", "MemoryError")
            except BaseException as error:
                answers.put(*failed(error, "exception"))
            else:
                give(answers, [value, args])


def give(results: Results, value: Any) -> None:
    """Report a return value, if it can be said as data."""
    try:
        line = line_of("value", "", values.to_json(value))
    except Exception as error:  # a number of a million digits fails only when it is written
        results.put("bad_result", describe(error))
    else:
        results.send(line)


def find(module: types.ModuleType, entry: str) -> Callable[..., Any] | None:
    """The function of that name, or the method of `Solution`; for a "Class.name" the other way
    round."""
    holder, dot, name = entry.rpartition(".")
    function = None if dot and hasattr(module, holder) else getattr(module, name, None)
    if function is None and hasattr(module, holder or "Solution"):
        try:
            function = getattr(getattr(module, holder or "Solution")(), name, None)
        except Exception:
            return None
    return function if callable(function) else None


def run_program(job: dict[str, Any], results: Results) -> None:
    """Run it as `__main__`, on real standard input and output."""
    code = compiled(job, results)
    if code is None:
        return
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    ended = "value", ""
    try:
        exec(job["header"], module.__dict__)
        exec(code, module.__dict__)  # this is the sandbox: the one place for it
    except SystemExit as error:
        if error.code is not None and error.code != 0:
            ended = "exception", f"SystemExit: {error.code}"
    except MemoryError:
        raise
    except BaseException as error:
        ended = failed(error, "exception")
    leave()
    results.put(*ended)


def leave() -> None:
    """As an interpreter does at its end: wait for threads, call what is to be called at exit, and
    write out what was printed."""
    with contextlib.suppress(Exception):
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        atexit._run_exitfuncs()
    flush()


def flush() -> None:
    """Write out what was printed, if the program has left us a stdout to do so."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()


def failed(error: BaseException, otherwise: str) -> tuple[str, str]:
    """(ended, error) of something that was raised."""
    return ("forbidden" if isinstance(error, PermissionError) else otherwise), describe(error)


def describe(error: BaseException) -> str:
    """Type and message in one line. A hostile exception may raise when it is shown."""
    try:
        return " ".join(f"{type(error).__name__}: {error}".split())[:ERROR]
    except BaseException:
        return type(error).__name__


KINDS = {"calls": run_calls, "program": run_program, "answer": answer, "check": checker.run}
