"""From a question's rollouts to labelled solutions. Host only: the gold answer is used here."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...nodes import Run, Thought
from ...nodes.rollout import Part, parts_of
from ...nodes.select import natural
from ...sandboxes import Sandbox
from ...tasks import LoadedTask, MathTask, final_answer
from ...training import Example, to_row
from ..attempt import Attempted
from ..grading import Grader
from ..results import Result
from .targets import Labels, Unfinished, Value

Row = dict[str, Any]


@dataclass(frozen=True)
class Labeller:
    """Makes a row of each answer of a run of `rollouts`, in the schema of ponder.training.

    A step's label is how often its rollouts' final answers are right; the last step's is its
    answer's own grade (1 or 0), since nothing follows it. What could not be found out is null.
    """

    separator: str
    """As the graph's."""
    labels: Labels = "soft"
    unfinished: Unfinished = "wrong"
    """What a rollout is that was cut off, or has no final answer: wrong, since from there the model
    did not come to the right one, or left out of the count. The papers do not say.

    A rollout that failed, was refused, or was never asked for since the budget was spent, says
    nothing of the step, and neither does one whose answer could not be compared."""

    async def __call__(
        self, loaded: LoadedTask[Any, Any], run: Run, result: Result, sandbox: Sandbox
    ) -> Attempted:
        """The result with what was left out, and the rows (`Make`). Where a model failed, and a
        step has nothing for that reason, there is no result: the question is tried again, and pays
        for what it lacks."""
        rollouts: dict[str, list[Thought]] = defaultdict(list)
        for thought in run.thoughts.values():
            if thought.kind == "rollout":
                rollouts[thought.parents[0]].append(thought)
        question = _Question(loaded, rollouts, Grader(loaded, sandbox), self)
        passed = {sample.id: sample.passed for sample in result.samples}
        rows: list[Row] = []
        left_out = Counter[str]()
        answers = [thought for thought in run.thoughts.values() if thought.kind == "answer"]
        for answer in sorted(answers, key=lambda thought: natural(thought.id)):
            made = await question.row(answer, passed.get(answer.id))
            if isinstance(made, str):
                left_out[made] += 1
            else:
                rows.append(made)
        error = result.error or _unanswered(run, rollouts)
        return replace(result, left_out=dict(sorted(left_out.items())), error=error), rows


@dataclass(frozen=True)
class _Question:
    loaded: LoadedTask[Any, Any]
    rollouts: dict[str, list[Thought]]
    """By the step's id."""
    grader: Grader
    how: Labeller

    async def row(self, answer: Thought, passed: bool | None) -> Row | str:
        """The answer's row; or why it has none."""
        final = final_answer(answer.text)
        if answer.failure or final is None:
            return _kind(answer.failure or "no final answer")
        parts = parts_of(answer.text, self.how.separator)
        values = [
            await self._value(f"{answer.id}/{number}", part)
            for number, part in enumerate(parts[:-1], 1)
        ]
        own = None if passed is None else float(passed)
        labels = (*(value.label(self.how.labels) for value in values), own)
        if all(label is None for label in labels):
            return next((value.why for value in values if value.why), "not graded")
        steps = tuple(part.text for part in parts)
        task = self.loaded.task
        assert isinstance(task, MathTask)
        example = Example(task.question, steps, labels, passed, final, task.id)
        return to_row(example) | {
            "sample": answer.id,
            "rollouts": [*(value.counted for value in values), 0],
            "right": [*(value.right for value in values), 0],
        }

    async def _value(self, step: str, part: Part) -> Value:
        thoughts = self.rollouts.get(step, [])
        wholes = [part.prefix + each.text for each in thoughts if not each.failure]
        finished = [whole for whole in wholes if final_answer(whole) is not None]
        grades = await self.grader.grade(finished)
        cut_off = sum((each.failure or "").startswith("truncated") for each in thoughts)
        unfinished = cut_off + len(wholes) - len(finished)
        counted = sum(one.passed is not None for one in grades)
        counted += unfinished if self.how.unfinished == "wrong" else 0
        failures = [_kind(each.failure) for each in thoughts if each.failure]
        why = "" if counted else next(iter(failures), "no rollout has a final answer")
        return Value(sum(one.passed is True for one in grades), counted, why)


def _kind(failure: str) -> str:
    return failure.partition(":")[0]


def _unanswered(run: Run, rollouts: Mapping[str, Sequence[Thought]]) -> str | None:
    """Why a step has no rollout, where that may be otherwise another time, or why none has any. A
    step alone may be one that a model cannot go on from, such as where its context ends."""
    failed = run.calls.failed
    for thoughts in rollouts.values():
        if all(one.failure and failed.get(one.id) for one in thoughts):
            return thoughts[0].failure
    every = [one for thoughts in rollouts.values() for one in thoughts]
    if all(one.failure for one in every):
        return next((one.failure for one in every if one.id in failed), None)
    return None
