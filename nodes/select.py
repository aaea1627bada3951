"""The last node: one answer from all candidates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from ..models.base import Usage
from ..tasks import MathTask
from ..tasks.final_answer import final_answer
from ..verifiers.base import Verdict
from .classes import INPUTS, classes_of
from .context import Runtime
from .run import Run
from .thought import Candidate, Solution, Thought


class Gathered(TypedDict):
    """All candidates' ids."""

    run: str
    candidates: list[str]


class Solved(TypedDict):
    """What the graph returns."""

    solution: Solution


@dataclass(frozen=True)
class Select:
    """Keeps what passes the public tests (or, if nothing does, what passes most), groups it by what
    it computes on generated inputs, and takes the earliest of the largest group. Answers to a
    question are grouped by their final answers.

    An extension of ours: PlanSearch stops at pass@k and public-test filtering, with no rule for a
    single answer. The inputs are mutations of the public ones, so no call is made for them.
    """

    inputs: int = INPUTS
    """How many inputs to generate; 0 leaves the grouping out."""

    async def __call__(self, state: Gathered, runtime: Runtime) -> Solved:
        """The solution."""
        run = runtime.context.run(state["run"])
        ids = sorted(set(state["candidates"]), key=natural)
        candidates = [run.thoughts[id] for id in ids]
        chosen = await self._choose(run, candidates)
        if candidates:
            run.finish()
        return {"solution": solution(run, chosen, candidates)}

    async def _choose(self, run: Run, candidates: Sequence[Thought]) -> Thought | None:
        if not candidates:
            return None
        best = max(map(_rank, candidates))
        pool = [thought for thought in candidates if _rank(thought) == best]
        groups = await classes_of(run, pool, self.inputs) if len(pool) > 1 else []
        return pool[max(groups, key=len)[0]] if groups else pool[0]


def natural(id: str) -> list[tuple[int, str]]:
    """Sorts "o2" before "o10"."""
    return [
        (int(part or 0), "") if i % 2 else (0, part)
        for i, part in enumerate(re.split(r"(\d+)", id))
    ]


def _rank(thought: Thought) -> tuple[bool, float]:
    verdict = thought.verdict or Verdict()
    return bool(verdict.passed), verdict.score or 0.0


def _why_none(run: Run) -> str:
    failure = next((t.failure for t in run.thoughts.values() if t.failure), None)
    return "there is no candidate" + (f"; the first failure was {failure}" if failure else "")


def _final(run: Run, chosen: Thought | None) -> str | None:
    if chosen is None or not isinstance(run.task, MathTask):
        return None
    return final_answer(chosen.text)


def solution(
    run: Run, chosen: Thought | None, candidates: Sequence[Thought], **more: Any
) -> Solution:
    """What a graph returns for that choice, with which the run ends; `more` are fields of it that
    not every graph has."""
    usage = run.usage_by_kind()
    solved = Solution(
        task_id=run.task.id,
        run=run.key,
        answer=chosen.text if chosen else None,
        chosen=chosen.id if chosen else None,
        verdict=(chosen and chosen.verdict) or Verdict(reason=_why_none(run)),
        candidates=tuple(Candidate(t.id, t.verdict or Verdict()) for t in candidates),
        usage=sum(usage.values(), Usage()),
        usage_by_kind=usage,
        faults=run.faults(),
        stopped=run.calls.stopped or "complete",
        final=_final(run, chosen),
        **more,
    )
    run.spans.end(solved)
    return solved
