"""How a question's budget is spent, decided by how hard it looks.

Paper: "Scaling LLM Test-Time Compute Optimally", section 3.2 (arXiv 2408.03314), with difficulty
predicted by the mean of a verifier's scores. There, 2048 samples tell the difficulty and are not
counted; here a few do, are counted, and are candidates like all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from ..models.base import Usage
from .context import Runtime
from .policy import Policy, mean_score
from .run import Run
from .select import Gathered, natural
from .thought import Thought

PROBE = "probe"
"""What the answers that tell the difficulty are counted as."""
NOTHING = "nothing"
"""In place of a strategy, where no budget is left, or no answer came."""


class Decided(TypedDict):
    """What the rest of the budget goes to."""

    strategy: str


@dataclass(frozen=True)
class Decide:
    """Puts the question into one of a policy's bins, by the scores of the answers so far, and takes
    the policy's strategy for what is left of the budget; says so in a thought "difficulty".

    Where nothing was scored, it is the policy's best over all; where the policy's strategy cannot
    do with what is left, best-of-n. The decision stands when the run is started again.
    """

    policy: Policy
    budget: int
    """Generations in all."""
    left: int
    """After the answers so far were asked for."""

    async def __call__(self, state: Gathered, runtime: Runtime) -> Decided:
        """The strategy's name, or `NOTHING`."""
        run = runtime.context.run(state["run"])
        answers = [run.thoughts[id] for id in sorted(set(state["candidates"]), key=natural)]
        name, why = self._decide(answers)
        why += self._foreign(run)
        chosen = run.decided("strategy", f"{name} {why}")
        name, _, why = chosen.partition(" ")
        ids = tuple(thought.id for thought in answers)
        said = Thought("difficulty", "difficulty", f"{why}. {_cost(run, answers)}", ids)
        runtime.stream_writer(run.record(said))
        return {"strategy": name}

    def _decide(self, answers: Sequence[Thought]) -> tuple[str, str]:
        """The name, and the reason in words."""
        value = mean_score([one.verdict.score if one.verdict else None for one in answers])
        number = None if value is None else self.policy.bins.of(value)
        known = self.policy.nearest(self.budget)
        strategy = self.policy.choose(self.budget, number).strategy
        if value is None:
            why = f"none of {len(answers)} answers was scored: the policy's best over all"
        else:
            why = f"mean score {value:.3f}: bin {number} of {len(self.policy.bins)}"
            if number not in self.policy.choices.get(known, {}):
                why += ", which the policy has no choice for: its best over all"
        if known != self.budget:
            why += f"; of budget {known}, the nearest to {self.budget} that it knows"
        if not self.left:
            return NOTHING, f"{why}; nothing is left to spend"
        if strategy.sizes(self.left) is None:
            short = f"{strategy.name} needs more than the {self.left} that are left"
            return "best-of-n", f"{why}; {short}: best-of-n"
        return strategy.name, f"{why}; {strategy.name} with {self.left} generations"

    def _foreign(self, run: Run) -> str:
        """A word of warning, where another model's scores are what the policy goes by."""
        made, name = self.policy.about.get("model"), run.model("model").name
        return f"; the policy was made with {made}, not {name}" if made not in (None, name) else ""


def _cost(run: Run, answers: Sequence[Thought]) -> str:
    """What it took to find out."""
    asking = run.usage_by_kind().get(PROBE, Usage())
    judging = sum((one.verdict.usage for one in answers if one.verdict), Usage())
    return f"Cost {asking.tokens:,} tokens, and {judging.tokens:,} of the verifier's"
