"""A verifier that says what it is told to: for tests, examples and benchmarks of real loops."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..models.base import Usage
from ..tasks import InstructionTask, Task
from .aggregation import Aggregate, aggregate
from .base import Verdict
from .steps import Splitting, split_steps

Scores = Sequence[float] | Verdict | str | Exception
Script = Callable[[Task, Sequence[str]], Scores]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was asked, and what was said."""

    task: Task
    steps: tuple[str, ...]
    verdict: Verdict


@dataclass
class ScriptedVerifier:
    """Judges by `script(task, steps)`: one score a step, or a whole `Verdict`, or the reason (text)
    why there is none, or an exception to raise (or raises it)."""

    script: Script
    name: str = "scripted"
    aggregate: Aggregate = "last"
    splitting: Splitting | str = "auto"
    """How `judge` finds the steps of a solution."""
    seconds: float = 0.0
    """How long every call takes."""
    asked: list[Judged] = field(default_factory=list)
    """Every solution it judged, in order."""
    batches: list[int] = field(default_factory=list)
    """How many solutions came with each call."""

    @property
    def settings(self) -> dict[str, Any]:
        """See `Configured.settings`."""
        return {"aggregate": self.aggregate, "splitting": self.splitting}

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        return await self.judge_steps(
            task, [split_steps(text, self.splitting) for text in candidates]
        )

    async def judge_steps(self, task: Task, solutions: Sequence[Sequence[str]]) -> list[Verdict]:
        """See `StepVerifier.judge_steps`."""
        self.batches.append(len(solutions))
        await asyncio.sleep(self.seconds)
        return [self._judge(task, steps) for steps in solutions]

    def _judge(self, task: Task, steps: Sequence[str]) -> Verdict:
        said = self.script(task, steps)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, str):
            said = Verdict(reason=said, usage=Usage(calls=1))
        elif not isinstance(said, Verdict):
            said = self._verdict(tuple(said), len(steps))
        self.asked.append(Judged(task, tuple(steps), said))
        return said

    def _verdict(self, scores: tuple[float, ...], steps: int) -> Verdict:
        if len(scores) != steps:
            raise AssertionError(f"the script gave {len(scores)} scores for {steps} steps")
        if not scores:
            return Verdict(reason="there are no steps to score")
        return Verdict(aggregate(scores, self.aggregate), None, "scripted", scores, Usage(calls=1))


@dataclass
class ScriptedStudent:
    """A student (`StudentVerifier`) that judges by `script(task, answer, way)`, the way being "ifd"
    or "r-ifd": the score, a whole `Verdict`, the reason why there is none, or an exception."""

    script: Callable[[InstructionTask, str, str], float | Verdict | str | Exception]
    name: str = "scripted student"
    asked: list[tuple[InstructionTask, str, str]] = field(default_factory=list)
    """Every pair that it judged, and how, in order."""

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `StudentVerifier.judge`."""
        return [self._judge(task, answer, "ifd") for answer in candidates]

    async def judge_recovery(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `StudentVerifier.judge_recovery`."""
        return [self._judge(task, answer, "r-ifd") for answer in candidates]

    def _judge(self, task: Task, answer: str, way: str) -> Verdict:
        assert isinstance(task, InstructionTask)
        self.asked.append((task, answer, way))
        said = self.script(task, answer, way)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Verdict):
            return said
        return Verdict(reason=said) if isinstance(said, str) else Verdict(said, reason=way)
