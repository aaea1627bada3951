"""Search over the steps of a solution against a verifier: expand, look ahead, score, keep.

Paper: "Scaling LLM Test-Time Compute Optimally", section 3.2 (arXiv 2408.03314). Where it is silent
(what becomes of the budget of beams that are finished, ties, sampling) the published code of
huggingface/search-and-learn is followed, its defects left out.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NotRequired

from typing_extensions import TypedDict

from .context import Runtime
from .run import Run
from .select import natural
from .step import Stepping, Taken, steps_of, take_step
from .thought import Thought


class Tree(TypedDict):
    """A search tree between two of its rounds. All are thoughts' ids."""

    run: str
    path: str
    """What its thoughts' ids begin with; empty where it is the only tree."""
    round: NotRequired[int]
    """How many are over."""
    beams: NotRequired[list[str]]
    """The steps from which it goes on."""
    grown: NotRequired[list[str]]
    """Steps of this round whose solutions go on."""
    ended: NotRequired[list[str]]
    """Answers that were finished in this round."""
    finished: NotRequired[list[str]]
    """Answers that are its candidates so far."""


@dataclass(frozen=True)
class Expand:
    """Samples the next step of every beam: `samples` in all, dealt out in turn, so that `width`
    each where `samples / width` beams go on, and more where fewer do (search-and-learn)."""

    samples: int
    rounds: int
    stepping: Stepping

    async def __call__(self, state: Tree, runtime: Runtime) -> Tree:
        """The steps that go on, and the answers that ended with theirs."""
        run = runtime.context.run(state["run"])
        number, beams = state.get("round", 0) + 1, state.get("beams", [])
        how = replace(self.stepping, whole=number >= self.rounds)
        places = [_place(state["path"], beams, i) for i in range(self.samples)]
        taken = await asyncio.gather(
            *(take_step(runtime, run, how, id, parent) for id, parent in places)
        )
        alive = [one for one in taken if not one.thought.failure]
        return {
            "run": run.key,
            "path": state["path"],
            "round": number,
            "grown": [one.thought.id for one in alive if not one.ended],
            "ended": [_finish(runtime, run, one, how) for one in alive if one.ended],
        }


def _place(path: str, beams: Sequence[str], number: int) -> tuple[str, str | None]:
    """The id of the sample of that number, and the step it follows."""
    if not beams:
        return f"{path}/s{number + 1}" if path else f"s{number + 1}", None
    parent = beams[number % len(beams)]
    return f"{parent}/s{number // len(beams) + 1}", parent


def _finish(runtime: Runtime, run: Run, taken: Taken, how: Stepping) -> str:
    """The whole answer that ends with that step, as a thought of its own; its id."""
    step = taken.thought
    text = how.separator.join(run.lineage(step.id)).strip()
    answer = run.record(Thought(f"{step.id}/answer", "answer", text, (step.id,)))
    runtime.stream_writer(answer)
    return answer.id


@dataclass(frozen=True)
class Score:
    """Has every new prefix judged, all of a round in one batch. With `lookahead` k, a step that
    goes on is judged by where it leads: k more steps at temperature 0, which are then forgotten
    (lookahead search; a round costs N(k + 1) samples). k = 0 is beam search."""

    stepping: Stepping
    lookahead: int = 0

    async def __call__(self, state: Tree, runtime: Runtime) -> dict[str, str]:
        """Nothing: the verdicts are with the run."""
        run = runtime.context.run(state["run"])
        ends = await asyncio.gather(
            *(self._look_ahead(runtime, run, id) for id in state.get("grown", []))
        )
        judged = dict(zip(state.get("grown", []), ends, strict=True))
        judged |= {id: run.thoughts[id].parents[0] for id in state.get("ended", [])}
        steps = {id: steps_of(run, end, self.stepping) for id, end in judged.items()}
        for thought in await run.judge_steps(steps):
            runtime.stream_writer(thought)
        return {"run": run.key}

    async def _look_ahead(self, runtime: Runtime, run: Run, id: str) -> str:
        """The last step of the rollout from that step."""
        last = id
        for number in range(1, self.lookahead + 1):
            taken = await take_step(
                runtime, run, self.stepping.greedy(), f"{id}/look{number}", last
            )
            if taken.thought.failure:
                break  # it is judged by how far it came
            last = taken.thought.id
            if taken.ended:
                break
        return last


@dataclass(frozen=True)
class Keep:
    """Keeps the best `beams` of the steps that go on, in the order they were sampled; of equal ones
    the earlier, and what could not be judged last. Finished answers are set aside, the first
    `enough` of them as the candidates.

    A `greedy` tree (one of DVTS's subtrees) weighs finished answers against unfinished ones: it
    ends when the best of a round is finished, with that round's finished answers.
    """

    beams: int
    enough: int
    rounds: int
    greedy: bool = False
    distinct: bool = False
    """Whether of steps that say the same after the same, one goes on."""

    async def __call__(self, state: Tree, runtime: Runtime) -> dict[str, list[str]]:
        """The beams to go on from (none: the tree ends), and the candidates."""
        run = runtime.context.run(state["run"])
        ended = state.get("ended", [])
        finished = ended if self.greedy else [*state.get("finished", []), *ended][: self.enough]
        ranked = sorted(state.get("grown", []), key=lambda id: rank(run.thoughts[id]), reverse=True)
        if self.distinct:
            ranked = _distinct(run, ranked)
        over = (
            state.get("round", 0) >= self.rounds
            or run.calls.stopped is not None
            or (_won(run, ranked, ended) if self.greedy else len(finished) == self.enough)
        )
        best = set() if over else set(ranked[: self.beams])
        beams = [id for id in state.get("grown", []) if id in best]
        return {"beams": beams, "finished": finished}


def _distinct(run: Run, ranked: Sequence[str]) -> list[str]:
    """Of those that say the same after the same, the first alone."""
    first: dict[tuple[str, ...], str] = {}
    for id in ranked:
        first.setdefault(tuple(run.lineage(id)), id)
    return list(first.values())


def _won(run: Run, grown: Sequence[str], ended: Sequence[str]) -> bool:
    """Whether the best of a round is finished; of equal ones, the earlier."""
    tried = sorted([*grown, *ended], key=natural)
    return bool(tried) and max(tried, key=lambda id: rank(run.thoughts[id])) in ended


def rank(thought: Thought) -> tuple[bool, float]:
    """What could not be judged is behind all that was. A score that is no number is none."""
    score = thought.verdict.score if thought.verdict else None
    return (False, 0.0) if score is None or not math.isfinite(score) else (True, score)
