"""Qwen2.5-Math-PRM (7B, 72B and 7B-PRM800K; Zhang et al., 2501.07301)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..aggregation import Aggregate
from .format import Layers, Rendered
from .readout import Readout, Share
from .tokens import Tokens, between

SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
TAG = "<extra_0>"
PROBLEM, SOLUTION = "PROBLEM-GOES-HERE", "SOLUTION-GOES-HERE"
HEAD, RIGHT = Layers("score"), Share(("negative", "positive"))


@dataclass(frozen=True, slots=True)
class QwenMath:
    """A conversation whose answer has an added token after each step, where a head of two layers
    is read. Steps lose the white space around them; where one spells that token, or any other, a
    space breaks it. What was published needs code from the hub to load; here nothing of it runs.
    """

    name: str = "qwen2.5-math-prm"
    head: Layers = HEAD
    readout: Readout = RIGHT
    aggregate: Aggregate = "product"
    """As its paper's evaluation has it (section 2)."""

    def render(self, tokens: Tokens, problem: str, steps: Sequence[str]) -> Rendered:
        """See `Format.render`."""
        tag = tokens.one(TAG, self.name)
        text = tokens.chat((("system", SYSTEM), ("user", PROBLEM), ("assistant", SOLUTION)))
        opening, answer, _ = between(text, (PROBLEM, SOLUTION))
        ids = [*tokens.control(opening), *tokens.plain(problem), *tokens.control(answer)]
        positions: list[int] = []
        for step in steps:
            ids += tokens.after(step.strip())
            positions.append(len(ids))
            ids.append(tag)
        return Rendered(tuple(ids), tuple(positions))
