"""The last node of searches by score: one answer from all candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..tasks import MathTask
from ..tasks.final_answer import final_answer
from ..verifiers.votes import Way, choose, sweep
from .classes import classes_of
from .context import Runtime
from .select import Gathered, Solved, natural, solution
from .thought import Thought


@dataclass(frozen=True)
class Choose:
    """Chooses by the scores and by how many candidates agree.

    Candidates without a final answer are taken where there is no other (the authors of "Let's
    Verify" rank none that is unfinished). Where nothing was scored, the most frequent is taken.
    """

    way: Way = "weighted"
    sweep: bool = False
    """Whether to say, too, what each way would choose among the first 1, 2, 4, … candidates."""

    async def __call__(self, state: Gathered, runtime: Runtime) -> Solved:
        """The solution."""
        run = runtime.context.run(state["run"])
        candidates = [run.thoughts[id] for id in sorted(set(state["candidates"]), key=natural)]
        classes = await classes_of(run, candidates)
        scores = [thought.verdict and thought.verdict.score for thought in candidates]
        place = choose(self.way, classes, scores)
        if candidates:
            run.finish()
        chosen = candidates[place] if place is not None else None
        final = None
        if chosen is not None and isinstance(run.task, MathTask):
            final = final_answer(chosen.text)
        swept = sweep(classes, scores) if self.sweep else {}
        return {
            "solution": solution(
                run, chosen, candidates, final=final, selections=_named(swept, candidates)
            )
        }
