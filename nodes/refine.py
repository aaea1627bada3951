"""A better answer, given the ones before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NotRequired

from typing_extensions import TypedDict

from ..tasks import CodeTask, MathTask, Task
from ..verifiers import PublicTests
from ..verifiers.base import Keyed
from . import read
from .choose import Choose, RevisionWay
from .context import Runtime
from .prompt import render
from .run import Run
from .sampling import PAPER, Sampling
from .select import Gathered, Select, Solved
from .think import Asking, think
from .thought import Thought


class Revisable(TypedDict):
    """A chain of answers, as far as it has come."""

    run: str
    path: str
    """What its thoughts' ids begin with: "c1", "c2", …"""
    candidates: list[str]
    """Its answers so far, oldest first, by their ids."""
    place: NotRequired[int]
    """Place in the chain of the answer that was asked for last; 1 is the first answer."""
    misses: NotRequired[int]
    """Revisions in a row that failed, up to now."""


class Revised(TypedDict):
    """A revision's id, and where its chain stands now."""

    answer: str
    place: int
    misses: int
    ended: str | None


@dataclass(frozen=True)
class Refine:
    """Asks for a better answer, given the most recent ones, oldest first.

    Paper: "Scaling LLM Test-Time Compute Optimally", section 6 (arXiv 2408.03314). Its revision
    model is finetuned for this, on chains of up to four wrong answers that end in a right one, the
    last wrong one being the nearest to it by edit distance: `ponder train revision` fits one, in
    these words. Any other model is prompted: it has not learned which mistakes to look for, nor to
    leave alone what is right, and the paper finds prompting largely ineffective for reasoning
    without a signal from outside. What remains of it then is the chain, the last four answers as
    its context, and how one is chosen.

    The reasons of verdicts are an addition, for code repair. A verifier that judges by a key is
    never quoted.
    """

    context: int = 4
    """How many of the most recent answers the model sees (paper: 4)."""
    feedback: bool | None = None
    """Whether it is shown why the verifier did not accept each of them. None: if the public tests
    judge, whose reasons say nothing that the task does not."""
    sampling: Sampling = PAPER

    async def __call__(self, state: Revisable, runtime: Runtime) -> Revised:
        """The revision at the chain's next place, a child of the answers it was made from."""
        run = runtime.context.run(state["run"])
        place = state.get("place", 1) + 1
        seen = state["candidates"][-self.context :]
        tells = self._tells(runtime.context.judging)
        answers = [_shown(run.thoughts[id], tells) for id in seen]
        program = isinstance(run.task, CodeTask)
        thought, _ = await think(
            runtime,
            run,
            Asking("revision", "model", self.sampling),
            render("refine_code" if program else "refine_math", task=run.task, answers=answers),
            id=f"{state['path']}/r{place}",
            parents=tuple(seen),
            read=_reader(run),
        )
        misses = state.get("misses", 0) + 1 if thought.failure else 0
        return {"answer": thought.id, "place": place, "misses": misses, "ended": thought.failure}

    def _tells(self, verifier: object) -> bool:
        if isinstance(verifier, Keyed):
            return False
        return isinstance(verifier, PublicTests) if self.feedback is None else self.feedback


def in_view(run: Run, id: str) -> Task:
    """The task that an answer was given to: of a revision, the question and the answers before it,
    in the words that its model was asked in (without what came of them)."""
    answers = [{"text": run.thoughts[one].text.rstrip(), "reason": ""} for one in _before(run, id)]
    if not answers or isinstance(run.task, CodeTask):
        return run.task
    *_, asked = render("refine_math", task=run.task, answers=answers)
    return MathTask(run.task.id, asked["content"])


def _before(run: Run, id: str) -> tuple[str, ...]:
    thought = run.thoughts[id]
    return thought.parents if thought.kind == "revision" else ()


def _shown(thought: Thought, tells: bool) -> dict[str, str]:
    """An answer for the prompt, with the reason of its verdict if the prompt `tells` it."""
    verdict = thought.verdict
    # Why nothing could be judged says nothing about the answer.
    judged = verdict is not None and (verdict.passed is not None or verdict.score is not None)
    reason = verdict.reason if tells and verdict and judged else ""
    return {"text": thought.text.rstrip(), "reason": reason}


def _reader(run: Run) -> Callable[[str], str]:
    if isinstance(run.task, CodeTask):
        entry_point = run.task.entry_point
        return lambda reply: read.code(reply, entry_point)
    return read.prose


@dataclass(frozen=True)
class ChooseRevision:
    """Chooses among the answers of all chains, of which the last are no better than others: the
    paper's revision model turned about 38 % of its right answers wrong again (section 6.1).

    Of programs, and where the verifier passed anything, `Select` chooses. Of other answers to a
    question `way` does: "hierarchical" is the paper's, best-of-n weighted within each chain and
    then among the chains' picks; where nothing was scored, the majority of all answers.
    """

    way: RevisionWay = "hierarchical"

    async def __call__(self, state: Gathered, runtime: Runtime) -> Solved:
        """The solution."""
        run = runtime.context.run(state["run"])
        passed = not run.passing.isdisjoint(state["candidates"])
        if passed or isinstance(run.task, CodeTask):
            return await Select()(state, runtime)
        return await Choose(self.way)(state, runtime)
