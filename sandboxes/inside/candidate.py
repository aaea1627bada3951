"""The candidate's own process: load its program, run it, write its results as data.

Everything here shares a process with hostile code, so nothing it writes is trusted: it is one way
among many for a program to put bytes into its results pipe.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import types
from collections.abc import Callable
from typing import Any, NoReturn

import values  # type: ignore[import-not-found]  # lies beside this file in the image

ERROR = 300
"""Characters of an error that are reported."""


def main(job_fd: int, results_fd: int) -> NoReturn:
    """Run the job and end the process."""
    with open(job_fd, "rb") as file:
        job = json.loads(file.read())
    results = Results(results_fd)
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False)), write_through=False
    )
    sys.stderr = io.TextIOWrapper(
        io.FileIO(os.open(os.devnull, os.O_WRONLY), "w"), write_through=True
    )
    sys.argv = ["main.py"]
    try:
        (run_calls if job["entry"] else run_program)(job, results)
    except MemoryError:
        results.put("memory_limit", "MemoryError")
    finally:
        flush()
    os._exit(0)


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
    return (json.dumps(data, allow_nan=False) + "\n").encode()


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
        exec(code, module.__dict__)  # this is the sandbox: the one place for it
    except MemoryError:
        raise
    except BaseException as error:
        results.put(*failed(error, "load_error"))
        return None
    return module


def run_calls(job: dict[str, Any], results: Results) -> None:
    """Call the entry point on every input, arguments made anew for each."""
    module = load(job, results)
    if module is None:
        return
    function = find(module, job["entry"])
    if function is None:
        results.put("load_error", f"NameError: {job['entry']} is not defined")
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


def give(results: Results, value: Any) -> None:
    """Report a return value, if it can be said as data."""
    try:
        line = line_of("value", "", values.to_json(value))
    except Exception as error:  # a number of a million digits fails only when it is written
        results.put("bad_result", describe(error))
    else:
        results.send(line)


def find(module: types.ModuleType, entry: str) -> Callable[..., Any] | None:
    """The function of that name, or the method of `Solution`."""
    function = getattr(module, entry, None)
    if function is None and hasattr(module, "Solution"):
        try:
            function = getattr(module.Solution(), entry, None)
        except Exception:
            return None
    return function if callable(function) else None


def run_program(job: dict[str, Any], results: Results) -> None:
    """Run it as `__main__`, on real standard input and output."""
    code = compiled(job, results)
    if code is None:
        return
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        exec(code, module.__dict__)  # this is the sandbox: the one place for it
        flush()
    except SystemExit as error:
        flush()
        done = error.code is None or error.code == 0
        results.put("value" if done else "exception", "" if done else f"SystemExit: {error.code}")
    except MemoryError:
        raise
    except BaseException as error:
        results.put(*failed(error, "exception"))
    else:
        results.put("value")


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
