"""Who judges: the Verifier protocol and its verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from ..models.base import Usage
from ..tasks import AnswerKey, Key, Task


@dataclass(frozen=True, slots=True)
class Verdict:
    """A value, a reason and evidence. "Could not judge" is None, never 0."""

    score: float | None = None
    """Between 0 and 1 for verifiers of code: the share of tests passed."""
    passed: bool | None = None
    reason: str = ""
    steps: tuple[float, ...] = ()
    """One score a step, from step verifiers."""
    usage: Usage = field(default_factory=Usage)
    """What the judging cost, where a model judged. A batch's cost is shared out among its verdicts,
    so that adding them up is right."""


@runtime_checkable
class Verifier(Protocol):
    """Judges candidate answers to a task."""

    @property
    def name(self) -> str:
        """A short name for records and reports. Verifiers of one name are taken to judge alike by
        a store, unless they have `settings` that differ (see `Configured`)."""

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """One verdict per candidate answer (source code, or a worked solution), in their order.

        What cannot be judged has `score` and `passed` None and says why in `reason`; one bad
        candidate never costs another its verdict.
        """


@runtime_checkable
class StepVerifier(Protocol):
    """Judges solutions step by step, also those that are not finished: a process reward model."""

    @property
    def name(self) -> str:
        """See `Verifier.name`."""

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""

    async def judge_steps(self, task: Task, solutions: Sequence[Sequence[str]]) -> list[Verdict]:
        """One verdict per solution, which is given as its steps so far. `verdict.steps` has one
        score for each, whatever their text, and `verdict.score` sums them up.

        A solution that cannot be judged has `score` None, no steps, and a reason.
        """


@runtime_checkable
class StudentVerifier(Protocol):
    """Judges pairs of instruction data by what they are to a student model (2402.10110): `judge`
    by how hard the instruction is for it, `judge_recovery` by whether it is to be guessed from the
    answer. Of a pair that cannot be judged, `score` is None."""

    @property
    def name(self) -> str:
        """See `Verifier.name`."""

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`: `score` is the IFD of each answer to the task's instruction."""

    async def judge_recovery(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """The same by r-IFD, of the task's instruction given each answer."""


@runtime_checkable
class Preparable(Protocol):
    """A verifier that holds something which must be there before it can judge, such as a model."""

    async def ready(self) -> None:
        """Do everything that must work before it can judge. Idempotent.

        Raises:
            InputError: there is no such model.
            MissingError: this machine lacks what it needs.
        """


@runtime_checkable
class Configured(Protocol):
    """A verifier whose verdicts depend on more than its name says."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What they depend on, as JSON-able data: part of a run's identity."""


@runtime_checkable
class Priced(Protocol):
    """A verifier that asks a language model: it judges only while its run's budget lasts."""

    @property
    def name(self) -> str:
        """See `Verifier.name`."""

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """See `Model.price`."""


@runtime_checkable
class Keyed(Protocol):
    """A verifier that judges by a key. Its reasons may quote it: no model may see them."""

    @property
    def key(self) -> Key | AnswerKey:
        """What decides the grade."""
