"""Who judges: the Verifier protocol and its verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..tasks import CodeTask


@dataclass(frozen=True, slots=True)
class Verdict:
    """A value, a reason and evidence. "Could not judge" is None, never 0."""

    score: float | None = None
    """Between 0 and 1 for verifiers of code: the share of tests passed."""
    passed: bool | None = None
    reason: str = ""
    steps: tuple[float, ...] = ()
    """One score a step, from step verifiers."""


class Verifier(Protocol):
    """Judges candidate answers to a task."""

    @property
    def name(self) -> str:
        """A short name for records and reports."""

    async def judge(self, task: CodeTask, candidates: Sequence[str]) -> list[Verdict]:
        """One verdict per candidate answer (source code), in their order.

        What cannot be judged has `score` and `passed` None and says why in `reason`; one bad
        candidate never costs another its verdict.
        """
