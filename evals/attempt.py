"""One task, thought about and graded: what a runner does many times, in one process or in many."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ..graphs import Graph
from ..nodes import Context, Run, Solution, Thought
from ..nodes.decide import PROBE
from ..sandboxes import Sandbox
from ..tasks import Key, LoadedTask
from .formats import sample_rows
from .grading import Grade, grade
from .results import Result, Sample, asked_of

LEADS_TO_ONE = ("idea", "plan", "fix", "pseudocode", "code", "answer", "revision", PROBE)
"""Kinds of thought that one answer comes from: where one fails, an answer is missing."""
ENDED = ("budget spent", "enough", "stopped")
"""What a failure begins with that says no more than that the search was over."""
ANSWERED = ("refused", "unreadable", "truncated")
"""What a failure begins with that a model has a part in."""
BROKEN = ("sandbox:", "the key is not complete")
"""What the reason of a grade begins with that could not be given."""

Attempted = tuple[Result, list[dict[str, Any]]]
"""A task's result, and its rows: of its samples, or whatever else is made of the search."""
Make = Callable[[LoadedTask[Any, Any], Run, Result, Sandbox], Awaitable[Attempted]]
"""Makes them of a search that is over, whose candidates the result has graded."""


async def samples_of(
    loaded: LoadedTask[Any, Any], run: Run, result: Result, sandbox: Sandbox
) -> Attempted:
    """The candidates, as they are in `samples.jsonl`."""
    texts = {one.id: run.thoughts[one.id].text for one in result.samples}
    return result, list(sample_rows(loaded.task, result, texts))


async def attempt(
    loaded: LoadedTask[Any, Any], graph: Graph, context: Context, make: Make = samples_of
) -> Attempted:
    """Think about the task, then grade every candidate.

    A task that no model has answered at all has no result: its `error` says why.

    Raises:
        InputError: the task is none for this graph, or its verifier.
        MissingError: this machine lacks what a model, the verifier or the sandbox needs.
        StoreError: what was thought cannot be kept.
    """
    try:
        return await _attempt(loaded, graph, context, make)
    finally:
        for run in [one for one in context.runs() if one.task.id == loaded.task.id]:
            context.release(run.key)


async def _attempt(
    loaded: LoadedTask[Any, Any], graph: Graph, context: Context, make: Make
) -> Attempted:
    assert isinstance(context.sandbox, Sandbox)
    started = time.monotonic()
    solution: Solution = (await graph.ainvoke({"task": loaded.task}, context=context))["solution"]
    seconds = time.monotonic() - started
    run = context.run(solution.run)
    texts = {one.id: run.thoughts[one.id].text for one in solution.candidates}
    grades = await grade(loaded, list(texts.values()), context.sandbox)
    result = _result(loaded, run, solution, dict(zip(texts, grades, strict=True)), seconds)
    return await make(loaded, run, result, context.sandbox)


def _result(
    loaded: LoadedTask[Any, Any],
    run: Run,
    solution: Solution,
    grades: Mapping[str, Grade],
    seconds: float,
) -> Result:
    chosen = grades.get(solution.chosen or "")
    return Result(
        task=loaded.task.id,
        run=solution.run,
        asked=asked_of(loaded),
        samples=tuple(
            Sample(
                one.id,
                one.verdict.passed,
                one.verdict.score,
                grades[one.id].passed,
                grades[one.id].base,
                grades[one.id].reason,
            )
            for one in solution.candidates
        ),
        missing=sum(map(_is_missing, run.thoughts.values())),
        chosen=solution.chosen,
        final=solution.final,
        solved=chosen.passed if chosen else (None if loaded.key is None else False),
        selections=solution.selections,
        usage=solution.usage,
        usage_by_kind=solution.usage_by_kind,
        thoughts=len(run.thoughts),
        faults=solution.faults,
        stopped=solution.stopped,
        seconds=round(seconds, 3),
        caveat=loaded.key.caveat if isinstance(loaded.key, Key) else "",
        error=_unanswered(run, solution) or _ungraded(grades),
    )


def _is_missing(thought: Thought) -> bool:
    failed = thought.failure is not None and not thought.failure.startswith(ENDED)
    return failed and thought.kind in LEADS_TO_ONE


def _unanswered(run: Run, solution: Solution) -> str | None:
    """Why nothing at all was answered, where that is a fault of whoever should have."""
    if solution.candidates or solution.usage.completion_tokens:
        return None
    failures = [t.failure for t in run.thoughts.values() if t.failure]
    return next((one for one in failures if not one.startswith((*ENDED, *ANSWERED))), None)


def _ungraded(grades: Mapping[str, Grade]) -> str | None:
    """Why an answer has no grade, where the sandbox is to blame."""
    reasons = [one.reason for one in grades.values() if one.passed is None]
    return next((f"not graded: {one}" for one in reasons if one.startswith(BROKEN)), None)
