"""ReasonEval (Xia et al., 2404.05692): GAIR's 7B (Mistral) and 34B (Llemma)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..aggregation import Aggregate
from .format import Layers, Rendered
from .readout import Readout, Share
from .tokens import Tokens

PROMPT = "Question:\n{problem}\nAnswer:\nLet's think step by step.\n"
HEAD = Layers("score_head")
VALIDITY = Share(("negative", "neutral", "positive"))


@dataclass(frozen=True, slots=True)
class ReasonEval:
    """Steps follow the prompt and each other with nothing between them, and are read near their
    ends: negative, neutral and positive. The score is *validity*, p(neutral) + p(positive), and a
    solution's is its smallest; *redundancy*, p(neutral), is not given. Steps lose the white
    space around them. Its code tokenises with separators that it then removes, so steps are
    tokenised alone.
    """

    name: str = "reasoneval-34b"
    back: int = 0
    """How many tokens before a step's last it is read: the published code reads the 7B one token
    before the last (codes/examples.py)."""
    head: Layers = HEAD
    readout: Readout = VALIDITY
    aggregate: Aggregate = "min"

    def render(self, tokens: Tokens, problem: str, steps: Sequence[str]) -> Rendered:
        """See `Format.render`. An empty step is read where the one before it is."""
        ids = [*tokens.own_bos, *tokens.plain(PROMPT.replace("{problem}", problem))]
        positions: list[int] = []
        for step in steps:
            ids += tokens.plain(step.strip())
            positions.append(max(0, len(ids) - 1 - self.back))
        return Rendered(tuple(ids[: positions[-1] + 1] if positions else ids), tuple(positions))
