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
        before, after = self._around(tokens, problem)
        solution = "".join(steps)
        text = tokens.plain(solution.strip()) if self.chat else tokens.after(solution)
        ids = (*before, *text, *after)
        return Rendered(ids, (len(ids) - 1,))

    def begin(self, tokens: Tokens, problem: str) -> int:
        """The index of the solution's first token."""
        return len(self._around(tokens, problem)[0])

    def _around(self, tokens: Tokens, problem: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What stands before and after the solution."""
        if not self.chat:
            prompt = tokens.plain(self.prompt.replace("{problem}", problem))
            return (*tokens.own_bos, *prompt), ()
        text = tokens.chat((("user", PROBLEM), ("assistant", SOLUTION)))
        opening, answer, ending = between(text, (PROBLEM, SOLUTION))
        asked = tokens.plain(problem.strip())
        return (
            (*tokens.control(opening), *asked, *tokens.control(answer)),
            tokens.control(ending),
        )
