"""PRM800K's labelled solutions (openai/prm800k, `prm800k/data`): tasks, and the labels as data.

One row is one solution that a person labelled step by step, up to and including its first wrong
step (section 2.4 of Let's Verify Step by Step; arXiv 2305.20050). A row has no id of its own: it
goes by its place in its file, counted from 0. Many rows share a question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .code_task import LoadedTask
from .math_task import AnswerKey, MathTask, text_field

Rating = Literal[-1, 0, 1]
FinishReason = Literal["found_error", "solution", "bad_problem", "give_up"]


@dataclass(frozen=True, slots=True)
class RatedCompletion:
    """One candidate for a step, with its label."""

    text: str
    rating: Rating | None
    """1: right, and makes progress; 0: right without progress, or hard to tell; -1: wrong; None:
    not labelled."""
    flagged: bool = False
    """Whether the labeller did not know what to make of it."""


@dataclass(frozen=True, slots=True)
class LabelledStep:
    """All candidates for one step, and which of them the solution went on with."""

    completions: tuple[RatedCompletion, ...]
    chosen: int | None = None
    """Its place in `completions`."""
    human: str | None = None
    """What a labeller wrote, where every completion was wrong (phase 1)."""

    @property
    def text(self) -> str | None:
        """What the solution goes on with: the chosen completion, else what a person wrote. None
        where it ended at this step, as at its first error in phase 2."""
        return self.human if self.chosen is None else self.completions[self.chosen].text


@dataclass(frozen=True, slots=True)
class LabelledSolution:
    """One row: a question, the steps of a solution, and what a person thought of each."""

    question: str
    answer: str | None
    """The gold answer."""
    solution: str
    """MATH's own solution, which labellers did not see; "" if there is none."""
    steps: tuple[LabelledStep, ...]
    finish_reason: FinishReason
    generation: int | None = None
    """Of phase 2, counted from 0; -1 in screening rows; None in phase 1."""
    quality_control: bool = False
    """Shown to every labeller, to check them. The paper's counts leave these rows out."""
    screening: bool = False
    """One of the 30 by which labellers were chosen; likewise."""
    pre_generated_steps: tuple[str, ...] = ()
    """The whole solution that was labelled (phase 2), past its first error too."""
    pre_generated_answer: str | None = None

    @property
    def trajectory(self) -> tuple[str, ...]:
        """The text of each step, up to the one where labelling ended without a choice."""
        texts = [step.text for step in self.steps]
        end = texts.index(None) if None in texts else len(texts)
        return tuple(text for text in texts[:end] if text is not None)


def prm800k_task(row: Mapping[str, Any]) -> LoadedTask[MathTask, AnswerKey]:
    """The question and key of a row, whose place is its "task_id".

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    id = f"prm800k/{row['task_id']}"
    labelled = labelled_solution(row)
    key = AnswerKey(id, labelled.answer, solution=labelled.solution) if labelled.answer else None
    return LoadedTask(MathTask(id, labelled.question), key)


def labelled_solution(row: Mapping[str, Any]) -> LabelledSolution:
    """A row as data.

    Raises:
        KeyError: a field is missing.
        ValueError: a field is not what it should be.
    """
    question, label = _mapping(row, "question"), _mapping(row, "label")
    reason = label["finish_reason"]
    if reason not in get_args(FinishReason):
        raise ValueError(f"`finish_reason` {reason!r} is not one of {get_args(FinishReason)}")
    return LabelledSolution(
        question=text_field(question, "problem"),
        answer=_optional(question, "ground_truth_answer"),
        solution=_optional(question, "ground_truth_solution") or "",
        steps=tuple(_step(step, n) for n, step in enumerate(_list(label, "steps"), 1)),
        finish_reason=reason,
        generation=row.get("generation"),
        quality_control=bool(row.get("is_quality_control_question")),
        screening=bool(row.get("is_initial_screening_question")),
        pre_generated_steps=tuple(map(str, question.get("pre_generated_steps") or ())),
        pre_generated_answer=_optional(question, "pre_generated_answer"),
    )


def _step(step: Any, number: int) -> LabelledStep:
    if not isinstance(step, dict):
        raise ValueError(f"step {number} is not a mapping")
    completions = tuple(_completion(each, number) for each in _list(step, "completions"))
    human, chosen = step.get("human_completion"), step.get("chosen_completion")
    if isinstance(human, dict):  # written both ways
        human = human.get("text")
    if chosen is not None and (type(chosen) is not int or not 0 <= chosen < len(completions)):
        raise ValueError(
            f"step {number}: `chosen_completion` {chosen!r} is none of its {len(completions)}"
        )
    if human is not None and not isinstance(human, str):
        raise ValueError(f"step {number}: `human_completion` must be text")
    return LabelledStep(completions, chosen, human)


def _completion(completion: Any, number: int) -> RatedCompletion:
    if not isinstance(completion, dict) or not isinstance(completion.get("text"), str):
        raise ValueError(f"step {number}: a completion is a mapping with `text` and `rating`")
    rating: Rating | None = completion.get("rating")
    if rating is not None and (type(rating) is not int or rating not in get_args(Rating)):
        raise ValueError(f"step {number}: a rating is -1, 0, 1 or null, not {str(rating)[:40]!r}")
    return RatedCompletion(completion["text"], rating, bool(completion.get("flagged")))


def _mapping(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row[name]
    if not isinstance(value, dict):
        raise ValueError(f"`{name}` must be a mapping, not {str(value)[:60]!r}")
    return value


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    """A list, which may be null."""
    value = row[name]
    if value is not None and not isinstance(value, list):
        raise ValueError(f"`{name}` must be a list, not {str(value)[:60]!r}")
    return value or []


def _optional(row: Mapping[str, Any], name: str) -> str | None:
    """A text that may be null, missing or empty."""
    return text_field(row, name) if row.get(name) else None
