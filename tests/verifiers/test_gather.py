"""Calls of many coroutines, done together in one thread."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Sequence

import pytest

from ponder.errors import ModelUnavailable
from ponder.graphs import best_of_n
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import MathTask
from ponder.verifiers import RewardModel
from ponder.verifiers.gather import Gather
from ponder.verifiers.prm.scorer import Scored, Solution


class Doubling:
    """Doubles numbers, when it is let."""

    def __init__(self, *, go: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        if go:
            self.go.set()

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.begun.set()
        assert self.go.wait(5)
        return [2 * item for item in items]


async def test_what_comes_together_and_what_comes_meanwhile_is_done_together() -> None:
    work = Doubling(go=False)
    gather = Gather(work, "test")

    first = [asyncio.ensure_future(gather.ask([n])) for n in (1, 2)]
    await asyncio.to_thread(work.begun.wait, 5)
    later = [asyncio.ensure_future(gather.ask([n, n])) for n in (3, 4)]
    await asyncio.sleep(0)
    work.go.set()

    assert await asyncio.gather(*first, *later) == [[2], [4], [6, 6], [8, 8]]
    assert work.batches == [[1, 2], [3, 3, 4, 4]]
    gather.close()


async def test_who_waits_for_its_turn_when_it_is_closed_is_told() -> None:
    work = Doubling(go=False)
    gather = Gather(work, "test")
    other = asyncio.ensure_future(asyncio.to_thread(asyncio.run, gather.ask([1])))
    await asyncio.to_thread(work.begun.wait, 5)
    waiting = asyncio.ensure_future(gather.ask([2]))
    await asyncio.sleep(0.05)

    closing = asyncio.ensure_future(asyncio.to_thread(gather.close))
    await asyncio.sleep(0.05)
    work.go.set()

    with pytest.raises(ModelUnavailable, match="closed"):
        await asyncio.wait_for(waiting, 5)
    assert await other == [2]
    await closing


def test_one_event_loop_after_the_other_is_served_and_let_go_of() -> None:
    gather = Gather(Doubling(), "test")
    loops = []
    for number in range(2):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(gather.ask([number])) == [2 * number]
        loop.close()
        loops.append(weakref.ref(loop))
        del loop
    gc.collect()

    assert [alive() for alive in loops] == [None, None]
    gather.close()


async def test_tasks_at_once_share_the_batches_of_their_reward_model() -> None:
    batches: list[list[Solution]] = []

    def scorer(solutions: Sequence[Solution]) -> list[Scored]:
        batches.append(list(solutions))
        return [Scored((0.5,) * len(steps)) for _, steps in solutions]

    def script(messages: list[Message], path: str, index: int) -> str:
        return "So \\boxed{2}"

    model = RewardModel("prm", lambda: scorer, "min")  # type: ignore[arg-type, return-value]
    sandbox = ScriptedSandbox(lambda program, given: None)
    given = Context(ScriptedModel(script), verifier=model, sandbox=sandbox)
    tasks = [MathTask(f"q{n}", f"What is {n}?") for n in range(6)]

    await asyncio.gather(
        *(best_of_n(samples=2).ainvoke({"task": task}, context=given) for task in tasks)
    )

    problems = [{problem for problem, _ in batch} for batch in batches]
    assert max(map(len, problems)) > 1
    assert sum(map(len, batches)) == 12
    model.close()
