"""Which tasks solutions can be labelled of."""

from collections.abc import Iterable
from typing import Any

from ...errors import InputError
from ...tasks import AnswerKey, LoadedTask, MathTask
from ...tasks.equivalence import require
from ...tasks.math_task import Grading


def refuse_unfit(tasks: Iterable[LoadedTask[Any, Any]]) -> int:
    """See that every task is a question with a gold answer, and that answers can be compared,
    before anything is paid for. Returns how many there are.

    Raises:
        InputError: one is not, or there are none.
        MissingError: what compares answers is not installed.
    """
    gradings: list[Grading] = []
    for loaded in tasks:
        if not isinstance(loaded.task, MathTask):
            raise InputError(
                f"task {loaded.task.id}: it asks for a program; steps are labelled of answers to "
                "questions"
            )
        if not isinstance(loaded.key, AnswerKey):
            raise InputError(
                f"task {loaded.task.id}: it has no gold answer to grade rollouts by (`answer` in a "
                "file of your own)"
            )
        gradings.append(loaded.key.grading)
    if not gradings:
        raise InputError("there is no question to label solutions of")
    for grading in sorted(set(gradings)):
        require(grading)
    return len(gradings)
