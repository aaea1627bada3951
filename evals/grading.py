"""Grade answers by a key, once a search is over. Host only: reasons quote the key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..sandboxes import Sandbox
from ..tasks import AnswerKey, Key, LoadedTask
from ..verifiers import AnswerGrade, HiddenTests
from ..verifiers.base import Verdict


@dataclass(frozen=True, slots=True)
class Grade:
    """What an answer is worth by the key."""

    passed: bool | None = None
    """None: there is no key, or it could not be graded; `reason` says why."""
    base: bool | None = None
    """By the first suite alone, where the data set has two."""
    reason: str = ""


async def grade(
    loaded: LoadedTask[Any, Any], answers: Sequence[str], sandbox: Sandbox
) -> list[Grade]:
    """A grade for each answer, in their order. Equal answers are graded once.

    Raises:
        MissingError: what compares answers to questions is not installed.
    """
    if loaded.key is None:
        return [Grade(reason="the task has no key")] * len(answers)
    distinct = list(dict.fromkeys(answers))
    verdicts = dict(zip(distinct, await _judge(loaded, distinct, sandbox), strict=True))
    return [_grade(verdicts[answer]) for answer in answers]


async def _judge(
    loaded: LoadedTask[Any, Any], answers: Sequence[str], sandbox: Sandbox
) -> list[Verdict]:
    if isinstance(loaded.key, AnswerKey):
        return await AnswerGrade(loaded.key).judge(loaded.task, answers)
    assert isinstance(loaded.key, Key)
    return await HiddenTests(sandbox, loaded.key).judge(loaded.task, answers)


def _grade(verdict: Verdict) -> Grade:
    return Grade(verdict.passed, reason="" if verdict.passed else verdict.reason)
