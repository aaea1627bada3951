"""Selective reflection: a teacher rewrites a pair, and what the student makes of it chooses.

Paper: "Selective Reflection-Tuning" (2402.10110, section 3). The thoughts of a run are its pairs:
"original", "instruction" (what reflecting on the instruction gave), "response" (what reflecting on
the answer of the chosen one gave) and "recycled" (what is kept). A pair's verdict is its IFD; that
of its child ".../recovery" is its r-IFD.

Whatever goes wrong costs its stage alone: the pair of the stage before stays, as a pair, with the
reason. A new instruction never meets an old answer.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, NotRequired

from typing_extensions import TypedDict

from ..tasks import InstructionTask
from ..verifiers.base import StudentVerifier, Verdict
from ..verifiers.ifd.selection import Choice, keep_harder, keep_likelier, survives
from . import reflection
from .context import Runtime
from .prompt import render
from .reflection import Pair
from .run import Run
from .sampling import Sampling
from .select import Solved, solution
from .think import Asking, think
from .thought import Thought

Way = Literal["student", "random", "new", "old"]
"""Who chooses between the pair before a stage and the one after it: the student's scores, chance,
or nobody: always the new one, or the old one, for which the teacher is not even asked."""
SILENT = "empty reply"
"""What the failure of a teacher begins with whose server sent no text, to the last try."""
AGAIN = 0.7
"""Temperature at least, of a further try: at 0 it would say the same again."""


class Reflecting(TypedDict):
    """One pair on its way."""

    run: str
    pair: str
    """The id of the pair that has been kept so far."""
    ended: NotRequired[str | None]


class Kept(TypedDict):
    """What is kept now."""

    pair: str
    ended: NotRequired[str | None]
    """Why the teacher was not reached: nothing more is asked then, and the same run asks again."""


class Opened(TypedDict):
    """A run that has begun."""

    run: str


@dataclass(frozen=True)
class _Stage(ABC):
    """Has the teacher write something anew, and keeps what is better."""

    way: Way
    sampling: Sampling
    tries: int = 2
    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    """What the teacher writes."""

    @abstractmethod
    def _read(self, reply: str, old: Pair) -> Pair:
        """The new pair."""

    @abstractmethod
    async def _choose(self, run: Run, old: Thought, new: Thought) -> Choice:
        """What the student makes of them."""

    async def _kept(self, run: Run, runtime: Runtime, old: Thought) -> Kept:
        if self.way == "old":
            return {"pair": old.id}
        new = await self._new(run, runtime, old)
        if unreached(run, new.id):
            return {"pair": old.id, "ended": new.failure}
        if new.failure:
            choice = Choice(False, new.failure)
        elif self.way == "student":
            choice = await self._choose(run, old, new)
        elif self.way == "random":
            choice = Choice(run.calls.seed(f"{self.name}/choice") % 2 == 0, "at random")
        else:
            choice = Choice(True, "not judged")
        # As the run decided when it was first there: what was asked after it depends on it.
        chosen = run.decided(self.name, f"{(new if choice.changed else old).id}: {choice.reason}")
        run.record(Thought(f"{self.name}/choice", "choice", chosen, (old.id, new.id)))
        return {"pair": chosen.partition(": ")[0]}

    async def _new(self, run: Run, runtime: Runtime, old: Thought) -> Thought:
        pair, teacher = Pair.from_text(old.text), run.model("model")
        thought, _ = await think(
            runtime,
            run,
            Asking("pair", "model", self.sampling, self._temperatures(), self.tries, once=True),
            render(
                f"reflect_{self.name}",
                pair=reflection.shown(pair),
                structured=teacher.supports_schema,
            ),
            id=self.name,
            parents=(old.id,),
            read=lambda reply: self._read(reply, pair).to_text(),
            schema=reflection.schema(*self.fields),
        )
        # One that was never asked for, since the budget was spent, is told of too.
        return thought if thought.id in run.thoughts else run.record(thought)

    def _temperatures(self) -> tuple[float, ...]:
        first = self.sampling.temperature
        return () if first is None else (first, *[max(first, AGAIN)] * (self.tries - 1))


@dataclass(frozen=True)
class ReflectInstruction(_Stage):
    """Has the teacher write a new instruction with its answer, and keeps the pair that is harder
    for the student: of the larger IFD (section 3.1). A tie keeps the original.

    Deviation: the released prompt has no place for an input, since its data were first rewritten
    without inputs by a step that is not released; ours shows the input. The new pair has none.
    """

    name = "instruction"
    fields = (reflection.INSTRUCTION, reflection.ANSWER)

    async def __call__(self, state: Opened, runtime: Runtime) -> Kept:
        """The id of the pair that is kept."""
        run = runtime.context.run(state["run"])
        assert isinstance(run.task, InstructionTask)
        old = run.record(Thought("original", "pair", Pair.of(run.task).to_text()))
        return await self._kept(run, runtime, old)

    def _read(self, reply: str, old: Pair) -> Pair:
        return reflection.new_pair(reply)

    async def _choose(self, run: Run, old: Thought, new: Thought) -> Choice:
        return keep_harder(await _ifd(run, old), await _ifd(run, new))


@dataclass(frozen=True)
class ReflectResponse(_Stage):
    """Has the teacher write a better answer to the kept instruction, and keeps the answer from
    which the student can better tell it: of the smaller r-IFD (section 3.2). A tie keeps the old
    one."""

    name = "response"
    fields = (reflection.BETTER,)

    async def __call__(self, state: Reflecting, runtime: Runtime) -> Kept:
        """The id of the pair that is kept."""
        run = runtime.context.run(state["run"])
        return await self._kept(run, runtime, run.thoughts[state["pair"]])

    def _read(self, reply: str, old: Pair) -> Pair:
        return replace(old, output=reflection.better_answer(reply))

    async def _choose(self, run: Run, old: Thought, new: Thought) -> Choice:
        return keep_likelier(await _recovery(run, old), await _recovery(run, new))


@dataclass(frozen=True)
class Recycle:
    """Ends the run with the pair that is kept, and whether it survives.

    Where the student chooses answers, a pair whose answer was not replaced is discarded, "for
    consistent response distribution" (section 3.2). The filter is the released code's: both IFD and
    r-IFD of the pair must be below 1.
    """

    response: Way
    filter: bool = True
    judged: bool = True
    """Whether there is a student."""

    async def __call__(self, state: Reflecting, runtime: Runtime) -> Solved:
        """The solution, whose answer is the pair as JSON; `verdict.passed` is whether it survives,
        and `verdict.score` its IFD."""
        run = runtime.context.run(state["run"])
        kept = run.thoughts[state["pair"]]
        verdict = await self._verdict(run, kept, state.get("ended"))
        made = Thought("recycled", "pair", kept.text, (kept.id,), verdict)
        runtime.stream_writer(run.record(made))
        if not any(unreached(run, id) for id in run.thoughts):  # else it is asked for again
            run.finish()
        return {"solution": solution(run, made, [made])}

    async def _verdict(self, run: Run, kept: Thought, ended: str | None) -> Verdict:
        if ended is not None:
            return Verdict(_score(kept), False, ended)
        if self.response == "student" and kept.id != "response":
            failed = run.thoughts["response"].failure
            why = run.thoughts["response/choice"].text.partition(": ")[2]
            told = failed or f"not response-reflected: {why}"
            return Verdict(_score(kept), False, told)
        if not self.filter:
            return Verdict(await _ifd(run, kept) if self.judged else None, True, "kept")
        scores = await _ifd(run, kept), await _recovery(run, kept)
        choice = survives(*scores)
        return Verdict(scores[0], choice.changed, choice.reason)


def unreached(run: Run, id: str) -> bool:
    """Whether the teacher was not reached for that thought, and may be another time. One that says
    nothing, as often as it is asked, has been."""
    failure, failed = run.thoughts[id].failure, run.calls.failed.items()
    if failure is None or failure.startswith(SILENT):
        return False
    return any(later for path, later in failed if path.partition("~")[0] == id)


async def _ifd(run: Run, pair: Thought) -> float | None:
    held = Pair.from_text(pair.text)
    judged = await run.judge(pair.id, held.task(run.task.id), answer=held.output)
    return _score(judged)


async def _recovery(run: Run, pair: Thought) -> float | None:
    held = Pair.from_text(pair.text)
    id = f"{pair.id}/recovery"
    if id not in run.thoughts:
        run.record(Thought(id, "recovery", "", (pair.id,)))
    student = run.verifier
    assert isinstance(student, StudentVerifier)
    by = student.judge_recovery
    return _score(await run.judge(id, held.task(run.task.id), answer=held.output, by=by))


def _score(thought: Thought) -> float | None:
    return thought.verdict.score if thought.verdict else None
