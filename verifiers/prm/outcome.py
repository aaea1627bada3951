"""Outcome reward models: one score for a whole solution, at its last token."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..aggregation import Aggregate
from .format import Layers, Rendered, Words
from .readout import Readout, Sigmoid
from .tokens import Tokens, between

PROBLEM, SOLUTION = "PROBLEM-GOES-HERE", "SOLUTION-GOES-HERE"
HEAD, LOGISTIC = Layers("score"), Sigmoid()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The score of a solution is read at its final token, as in 2305.20050 (appendix E) and in
    sequence classification. The solution keeps its text whole: it is tokenised in one piece."""

    name: str = "orm"
    head: Words | Layers = HEAD
    readout: Readout = LOGISTIC
    aggregate: Aggregate = "last"
    chat: bool = True
    """Whether problem and solution are turns of a conversation, in the tokenizer's template (the
    final token is then the template's last). If not, they are put as `prompt` says."""
    prompt: str = "{problem}\n"

    def render(self, tokens: Tokens, problem: str, steps: Sequence[str]) -> Rendered:
        """See `Format.render`: one position."""
        solution = "".join(steps)
        ids = self._turns(tokens, problem, solution) if self.chat else (
            *tokens.own_bos,
            *tokens.plain(self.prompt.replace("{problem}", problem)),
            *tokens.after(solution),
        )  # fmt: skip
        return Rendered(ids, (len(ids) - 1,))

    @staticmethod
    def _turns(tokens: Tokens, problem: str, solution: str) -> tuple[int, ...]:
        text = tokens.chat((("user", PROBLEM), ("assistant", SOLUTION)))
        opening, answer, ending = between(text, (PROBLEM, SOLUTION))
        return (
            *tokens.control(opening),
            *tokens.plain(problem.strip()),
            *tokens.control(answer),
            *tokens.plain(solution.strip()),
            *tokens.control(ending),
        )
