"""Reward models that are held in this process, as verifiers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...models.base import Usage
from ...tasks import Task
from ..aggregation import Aggregate, aggregate
from ..base import Verdict
from ..gather import Gather
from ..steps import Splitting, problem_of, split_steps
from .readout import Readout
from .scorer import Scored, Scorer, Solution

Load = Callable[[], Scorer]


class _Held:
    """A scorer that is loaded once, by whoever first needs it, in the one thread that uses it."""

    def __init__(self, load: Load, name: str) -> None:
        self._load = load
        self._scorer: Scorer | None = None
        self.gather: Gather[Solution, Scored] = Gather(self._work, name)

    def _work(self, solutions: list[Solution]) -> list[Scored]:
        if self._scorer is None:
            self._scorer = self._load()
        return self._scorer(solutions)


@dataclass
class RewardModel:
    """A process reward model (2305.20050, section 2.5): one forward pass scores all steps of a
    solution, and what earlier calls computed for its prefixes is used again.

    Calls that come together, of however many tasks, are scored together. A solution that cannot be
    scored (too long for the model, a NaN, whatever it does to the model) costs only its own
    verdict. The model is loaded when it is first asked, or by `ready`.
    """

    name: str
    """Says which checkpoint it is, and in which format: see `Verifier.name`."""
    load: Load
    """Makes the scorer; called once, in this model's own thread."""
    aggregate: Aggregate
    """How a solution's score comes from its steps'."""
    splitting: Splitting | str = "auto"
    """How `judge` finds the steps of a solution; see `split_steps`."""
    readout: Readout | None = None
    """How a step's score comes from what the model gives, where that is known before it is loaded.
    Says nothing of its own: it is the format's."""
    _held: _Held = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._held = _Held(self.load, self.name)

    @property
    def settings(self) -> dict[str, Any]:
        """See `Configured.settings`."""
        return {"aggregate": self.aggregate, "splitting": self.splitting}

    async def ready(self) -> None:
        """Load the model, if it is not. Idempotent.

        Raises:
            InputError: the checkpoint is not what it should be.
            MissingError: it is not here, or a library is not.
        """
        await self._held.gather.ask([])

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`."""
        return await self.judge_steps(
            task, [split_steps(text, self.splitting) for text in candidates]
        )

    async def judge_steps(self, task: Task, solutions: Sequence[Sequence[str]]) -> list[Verdict]:
        """See `StepVerifier.judge_steps`.

        Raises:
            InputError, MissingError: the model cannot be loaded, as `ready`.
        """
        problem = problem_of(task)
        asked = [(problem, tuple(steps)) for steps in solutions]
        return [verdict(one, self.aggregate) for one in await self._held.gather.ask(asked)]

    def close(self) -> None:
        """End the model's thread. Idempotent."""
        self._held.gather.close()


@dataclass
class OutcomeModel:
    """An outcome reward model (2305.20050, section 2.4): one score for a solution as a whole, at
    its final token. Otherwise as `RewardModel`."""

    name: str
    """Says which checkpoint it is, and in which format: see `Verifier.name`."""
    load: Load
    """Makes the scorer; called once, in this model's own thread."""
    _held: _Held = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._held = _Held(self.load, self.name)

    async def ready(self) -> None:
        """See `RewardModel.ready`."""
        await self._held.gather.ask([])

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        """See `Verifier.judge`; raises what `RewardModel.judge_steps` does."""
        problem = problem_of(task)
        asked: list[Solution] = [(problem, (text,) if text.strip() else ()) for text in candidates]
        return [outcome(one) for one in await self._held.gather.ask(asked)]

    def close(self) -> None:
        """See `RewardModel.close`."""
        self._held.gather.close()


def verdict(scored: Scored, how: Aggregate) -> Verdict:
    """A solution's verdict from its steps' scores."""
    usage = _usage(scored)
    if scored.reason:
        return Verdict(reason=scored.reason, usage=usage)
    worst = min(range(len(scored.scores)), key=scored.scores.__getitem__)
    reason = f"{how} of {len(scored.scores)} steps; the lowest, step {worst + 1}, has "
    return Verdict(
        aggregate(scored.scores, how),
        reason=reason + f"{scored.scores[worst]:.3g}",
        steps=scored.scores,
        usage=usage,
    )


def outcome(scored: Scored) -> Verdict:
    """A solution's verdict from its one score."""
    usage = _usage(scored)
    if scored.reason:
        return Verdict(reason=scored.reason, usage=usage)
    return Verdict(scored.scores[0], reason="the whole solution", usage=usage)


def _usage(scored: Scored) -> Usage:
    asked = bool(scored.scores) or scored.tokens > 0  # and not too long, or empty
    return Usage(calls=int(asked), prompt_tokens=scored.tokens, seconds=scored.seconds)
