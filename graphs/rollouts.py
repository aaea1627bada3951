"""Monte-Carlo rollouts from every step of sampled answers: what labels for a process reward model
are made of.

Papers: "Math-Shepherd" (arXiv 2312.08935); "Scaling LLM Test-Time Compute Optimally" (arXiv
2408.03314): 16 answers a question, and 16 rollouts from each step of each.

    begin ─── sample: draw → roll out ─── conclude       side by side, none waits for another

The gold answer is not in the graph: ponder.evals.labelling grades what it wrote.
"""

from typing import Any

from pydantic import Field

from ..nodes import Begin, Chain, Conclude, Draw, RollOut, Sampling
from ..settings import with_options
from ..tasks import MathTask
from .build import Graph, Options
from .sampler import sampler


class RolloutOptions(Options):
    """The knobs of `rollouts`."""

    samples: int = Field(16, ge=1, le=10_000)
    """Answers to sample."""
    rollouts: int = Field(16, ge=0, le=1_000)
    """Rollouts from the end of each step but the last. With none, answers are sampled and divided
    alone: what outcome models and revisions are learnt from."""
    separator: str = Field("\n\n", min_length=1)
    """What stands between two steps. The paper's are lines; our prompt asks for paragraphs."""
    temperature: float | None = Field(0.8, gt=0, le=2)
    """Of answers and rollouts alike; None leaves it to the model. The paper does not say. At 0 all
    rollouts would be one."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(2048, ge=16)
    """Longest answer, and longest rollout."""


PROFILES: dict[str, dict[str, Any]] = {
    "paper": {},
    "fast": {"samples": 4, "rollouts": 4, "max_tokens": 512},
}


def rollouts(profile: str = "fast", **overrides: Any) -> Graph:
    """Build the rollouts of a question: sample answers, divide each that has a final answer into
    its steps, and from the end of each step but the last go on to the end of an answer, so many
    times. Answers, steps and rollouts are the run's thoughts: "s3", "s3/2", "s3/2/r5".

    Needs a model that writes by steps. The input is `{"task": MathTask}`, the output `{"solution":
    Solution}` with the most frequent answer. `overrides` are fields of `RolloutOptions`; profile
    "paper" has 16 answers and 16 rollouts a step.

    Raises:
        InputError: an unknown profile or option, or a value out of range.
    """
    options = with_options(RolloutOptions, PROFILES, profile, overrides)
    sampling = Sampling(options.temperature, options.top_p, options.max_tokens)
    begin = Begin("rollouts", options.model_dump(), takes=(MathTask,), extends=True)
    roll_out = RollOut(options.rollouts, sampling, options.separator)
    return sampler(begin, Chain((Draw(sampling), roll_out)), options.samples, Conclude())
