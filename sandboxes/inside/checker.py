"""The checker's own process: run test code that is no list of inputs and expected values.

The program under test is in another process, of another uid; here its name is bound to a proxy that
asks that process and gets plain data back. So expected values, and the code that compares, never
share a process with the program, and no object of the program's reaches a comparison.
"""

from __future__ import annotations

import builtins
import json
from typing import Any, BinaryIO

import values  # type: ignore[import-not-found]  # lies beside this file in the image

QUESTIONS, ANSWERS = 6, 5
"""Descriptors, the other way round than the program's."""
MUTABLE = (list, dict, set, bytearray)


class ProgramFailed(RuntimeError):
    """The program under test gave no value that could be compared."""


def run(job: dict[str, Any], results: Any) -> None:
    """Run the test code to its end, or report what it raised."""
    with open(QUESTIONS, "wb", buffering=0) as questions, open(ANSWERS, "rb") as answers:
        ask = Proxy(questions, answers, job["result"])
        names = {"__name__": "checker", job["entry"]: ask, "candidate": ask}
        try:
            # The data set's own code, confined as everything else here is.
            exec(compile(job["code"], "checker.py", "exec"), names)
        except MemoryError:
            raise
        except BaseException as error:
            message = " ".join(f"{type(error).__name__}: {error}".split())
            results.put("exception", message)
        else:
            results.put("value")


class Proxy:
    """Calls a function that lives in another process."""

    def __init__(self, questions: BinaryIO, answers: BinaryIO, longest: int) -> None:
        self._questions, self._answers, self._longest = questions, answers, longest

    def __call__(self, *args: Any, **words: Any) -> Any:
        """Its value there; what it does to its arguments is done to these as well.

        Raises:
            Exception: a built-in exception that the function raised, by its name.
            ProgramFailed: it gave no value.
        """
        question = [values.to_json(list(args)), values.to_json(words)]
        try:
            self._questions.write(json.dumps(question).encode() + b"\n")
        except OSError:
            raise ProgramFailed("the program has ended") from None
        line = self._answers.readline(self._longest)
        if not line.endswith(b"\n"):
            raise ProgramFailed("the program has ended, or its answer is too long")
        return self._read(line, args)

    def _read(self, line: bytes, args: tuple[Any, ...]) -> Any:
        try:
            reply = json.loads(line)
            ended, error = str(reply["ended"]), str(reply["error"])
            if ended == "value":
                value, after = values.from_json(reply["value"])
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise ProgramFailed(f"malformed answer: {str(problem)[:80]}") from None
        if ended != "value":
            raise _raised(ended, error)
        for mine, theirs in zip(args, after):  # noqa: B905  Python 3.9
            if type(mine) is type(theirs) and isinstance(mine, MUTABLE):
                _become(mine, theirs)
        return value


def _raised(ended: str, error: str) -> Exception:
    name, _, message = error.partition(": ")
    kind = getattr(builtins, name, None)
    known = ended == "exception" and isinstance(kind, type) and issubclass(kind, Exception)
    # A StopIteration would end a loop of the checker's, which might then pass.
    if kind is not None and known and kind is not StopIteration:
        try:
            raised: Exception = kind(message)
        except TypeError:  # it wants other arguments
            pass
        else:
            return raised
    return ProgramFailed(f"{ended}: {error}")


def _become(mine: Any, theirs: Any) -> None:
    if isinstance(mine, (list, bytearray)):
        mine[:] = theirs
    else:
        mine.clear()
        mine.update(theirs)
