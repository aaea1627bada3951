"""Grade answers by a key, once a search is over. Host only: reasons quote the key.

An answer is right by a key with two suites if it passes both, as EvalPlus has it. A sample is run
once, on the tests of both; equal answers to one task are graded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..sandboxes import Sandbox
from ..tasks import AnswerKey, Key, LoadedTask
from ..verifiers import AnswerGrade, HiddenTests, Suites, Verdict


@dataclass(frozen=True, slots=True)
class Grade:
    """What an answer is worth by the key."""

    passed: bool | None = None
    """None: there is no key, or it could not be graded; `reason` says why."""
    base: bool | None = None
    """By the first suite alone, where the data set has two."""
    reason: str = ""


class Grader:
    """Grades answers to one task. The sandbox runs as many at once as it has workers, and the
    others wait there."""

    def __init__(self, loaded: LoadedTask[Any, Any], sandbox: Sandbox) -> None:
        self._loaded = loaded
        self._tests = HiddenTests(sandbox, loaded.key) if isinstance(loaded.key, Key) else None
        self._known: dict[str, Grade] = {}

    async def grade(self, answers: Sequence[str]) -> list[Grade]:
        """A grade for each answer, in their order.

        Raises:
            MissingError: what runs programs, or compares answers to questions, is not there.
        """
        new = [answer for answer in dict.fromkeys(answers) if answer not in self._known]
        self._known.update(zip(new, map(_grade, await self._judge(new)), strict=True))
        return [self._known[answer] for answer in answers]

    async def _judge(self, answers: Sequence[str]) -> list[Suites]:
        task, key = self._loaded.task, self._loaded.key
        if self._tests is not None:
            return await self._tests.judge_suites(task, answers)
        if isinstance(key, AnswerKey):
            return [Suites(one) for one in await AnswerGrade(key).judge(task, answers)]
        return [Suites(Verdict(reason="the task has no key"))] * len(answers)


async def grade(
    loaded: LoadedTask[Any, Any], answers: Sequence[str], sandbox: Sandbox
) -> list[Grade]:
    """A grade for each answer, in their order.

    Raises:
        MissingError: as `Grader.grade`.
    """
    return await Grader(loaded, sandbox).grade(answers)


def _grade(suites: Suites) -> Grade:
    verdict = suites.verdict
    return Grade(verdict.passed, suites.base, "" if verdict.passed else verdict.reason)
