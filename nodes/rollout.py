"""Monte-Carlo rollouts: how answers go on from the end of each step of an answer.

Papers: "Math-Shepherd" (arXiv 2312.08935); "Scaling LLM Test-Time Compute Optimally", on how its
process reward model is trained (arXiv 2408.03314, section 5.1). How often the
rollouts of a step come out right is that step's value; that is found out where the gold answer is,
and it never is here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from ..models.base import Step
from ..tasks.final_answer import final_answer
from ..verifiers import votes
from .choose import ballots_of
from .context import Runtime
from .prompt import render
from .request import Ending
from .run import Run
from .sample import Sampled
from .sampling import Sampling
from .select import Gathered, Solved, natural, solution
from .thought import Thought


@dataclass(frozen=True, slots=True)
class Part:
    """One step of an answer that was written whole."""

    text: str
    """Without the white space around it."""
    prefix: str
    """The answer up to the end of the step, its separator included: as the model wrote it."""


def parts_of(answer: str, separator: str) -> list[Part]:
    """An answer's steps. Blank ones are none: some models write an empty line more."""
    parts: list[Part] = []
    prefix = ""
    for piece in answer.split(separator):
        prefix += piece + separator
        if piece.strip():
            parts.append(Part(piece.strip(), prefix))
    return parts


async def go_on(
    runtime: Runtime,
    run: Run,
    sampling: Sampling,
    *,
    ids: Sequence[str],
    kind: str,
    parents: tuple[str, ...] = (),
    prefix: str = "",
) -> list[Thought]:
    """Independent samples of how an answer goes on after that prefix, to its end. What went wrong
    is a thought's failure; what was never asked, since the search had stopped, is not recorded.

    One that is cut off is a sample like the others, and another in its place would prefer answers
    that are short: there is no second try.
    """
    model, messages = run.model("model"), render("solve", task=run.task)
    with run.spans.thinking(ids[0], kind, parents, model.name, messages):
        outcomes = await run.calls.extend_all(model, ids, messages, prefix, sampling)
        thoughts = []
        for id, outcome in zip(ids, outcomes, strict=True):
            thoughts.append(_thought(id, kind, parents, outcome))
            if not _unasked(outcome):
                runtime.stream_writer(run.record(thoughts[-1]))
    return thoughts


def _thought(id: str, kind: str, parents: tuple[str, ...], outcome: Step | Ending) -> Thought:
    said = outcome.text if isinstance(outcome, Step) else ""
    failure = outcome.reason if isinstance(outcome, Ending) else None
    return Thought(id, kind, said, parents, None, outcome.usage, outcome.faults, failure)


def _unasked(outcome: Step | Ending) -> bool:
    return isinstance(outcome, Ending) and outcome.stopped and outcome.usage.calls == 0


class Drawn(TypedDict):
    """What came of asking for a whole answer."""

    candidates: list[str]
    ended: str | None


@dataclass(frozen=True)
class Draw:
    """Samples one whole answer, at its path ("s1", "s2", …)."""

    sampling: Sampling

    async def __call__(self, state: Sampled, runtime: Runtime) -> Drawn:
        """The answer. The branch ends with one that has no final answer, before anything is paid
        for its steps: those hurt (2408.03314)."""
        run = runtime.context.run(state["run"])
        [thought] = await go_on(runtime, run, self.sampling, ids=[state["path"]], kind="answer")
        if thought.failure:
            return {"candidates": [], "ended": thought.failure}
        ended = None if final_answer(thought.text) is not None else "no final answer"
        return {"candidates": [thought.id], "ended": ended}


@dataclass(frozen=True)
class RollOut:
    """Divides an answer into its steps, and goes on from the end of each so many times, to the end
    of an answer, by the same model with the same prompt.

    From the last step nothing follows, so nothing is asked: what it is worth is the answer's own
    grade. Equal prefixes of two answers are rolled out each by itself, as in the papers: to share
    the rollouts would cost less, and make the errors of the two estimates one.
    """

    rollouts: int
    sampling: Sampling
    separator: str

    async def __call__(self, state: Sampled, runtime: Runtime) -> dict[str, str]:
        """Nothing: the steps ("s3/2") and rollouts ("s3/2/r5") are with the run."""
        run, answer = runtime.context.run(state["run"]), state["path"]
        parts = parts_of(run.thoughts[answer].text, self.separator)
        for number, part in enumerate(parts, 1):
            step = Thought(f"{answer}/{number}", "step", part.text, (answer,))
            runtime.stream_writer(run.record(step))
        await asyncio.gather(
            *(
                self._from(runtime, run, f"{answer}/{number}", part.prefix)
                for number, part in enumerate(parts[:-1] if self.rollouts else (), 1)
            )
        )
        return {"run": run.key}

    async def _from(self, runtime: Runtime, run: Run, step: str, prefix: str) -> None:
        ids = [f"{step}/r{number + 1}" for number in range(self.rollouts)]
        await go_on(
            runtime, run, self.sampling, ids=ids, kind="rollout", parents=(step,), prefix=prefix
        )


@dataclass(frozen=True)
class Conclude:
    """Ends the run. It answers with the most frequent final answer, since nobody has judged."""

    async def __call__(self, state: Gathered, runtime: Runtime) -> Solved:
        """The solution, whose candidates are the whole answers."""
        run = runtime.context.run(state["run"])
        candidates = [run.thoughts[id] for id in sorted(set(state["candidates"]), key=natural)]
        place = votes.majority(await ballots_of(run, candidates))
        if candidates and not run.calls.failed:  # else those are asked for when it runs again
            run.finish()
        return {"solution": solution(run, None if place is None else candidates[place], candidates)}
