"""A run that was stopped, killed or finished, and started again."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import ModelRefused, ModelUnavailable, StoreError
from ponder.graphs import Graph, plan_search, sqlite_checkpointer
from ponder.models import Budget, Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from tests.support.interrupted import Interrupted
from tests.support.plans import TASK, script


def context(model: ScriptedModel, store: Path | None, **rest: Any) -> Context:
    sandbox = ScriptedSandbox(lambda program, given: 2 * given[0])
    return Context(model=model, sandbox=sandbox, store=store, **rest)


async def solve(graph: Graph, given: Context) -> Solution:
    solution: Solution = (await graph.ainvoke({"task": TASK}, context=given))["solution"]
    return solution


def broken(messages: list[Message], path: str, index: int) -> str:
    raise AssertionError(f"{path} was asked again")


async def broken_sandbox(*_: Any) -> None:
    raise AssertionError("something was run again")


@pytest.mark.parametrize("after", [0, 3, 50, 200, 370])
async def test_an_interrupted_run_goes_on_and_asks_nothing_twice(
    tmp_path: Path, after: int
) -> None:
    first, second = Interrupted(script(3, 3)), ScriptedModel(script(3, 3))
    first.after = after
    graph = plan_search("paper")
    first.run = asyncio.ensure_future(solve(graph, context(first, tmp_path / "s")))
    with pytest.raises(asyncio.CancelledError):
        await first.run

    solution = await solve(graph, context(second, tmp_path / "s"))

    assert not set(first.paths) & set(second.paths)
    assert len(first.paths) + len(second.paths) == 375
    whole = await solve(graph, context(ScriptedModel(script(3, 3)), None))
    assert solution == whole


async def test_a_finished_run_replays_without_model_or_sandbox(tmp_path: Path) -> None:
    graph = plan_search("fast", enough=None)
    once = await solve(graph, context(ScriptedModel(script(3, 3)), tmp_path / "s"))
    offline = context(ScriptedModel(broken), tmp_path / "s")
    offline.sandbox.run = offline.sandbox.start = broken_sandbox  # type: ignore

    again = await solve(graph, offline)

    assert again == once


def flaky(messages: list[Message], path: str, index: int) -> str:
    if path.endswith("o2/plan"):
        raise ModelRefused("refused: no", faults=("429: slow down",))
    return script(3, 3)(messages, path, index)


async def test_a_finished_run_replays_its_failed_calls_too(tmp_path: Path) -> None:
    graph = plan_search("paper", fix=False)
    once = await solve(graph, context(ScriptedModel(flaky), tmp_path / "s"))

    again = await solve(graph, context(ScriptedModel(broken), tmp_path / "s"))

    assert once.faults["refused"] > 1
    assert again == once


async def test_a_run_without_any_candidate_asks_again_what_had_failed(tmp_path: Path) -> None:
    def down(messages: list[Message], path: str, index: int) -> str:
        raise ModelUnavailable("connection lost")

    graph = plan_search("fast", enough=None)
    nothing = await solve(graph, context(ScriptedModel(down), tmp_path / "s"))

    something = await solve(graph, context(ScriptedModel(script(3, 3)), tmp_path / "s"))

    assert nothing.answer is None
    assert something.solved
    assert "connection lost" not in something.faults


async def test_a_budget_that_ran_out_runs_out_at_the_same_calls_under_replay(
    tmp_path: Path,
) -> None:
    graph = plan_search("paper")
    limits = {"budget": Budget(calls=60)}
    model = ScriptedModel(script(3, 3))
    once = await solve(graph, context(model, tmp_path / "s", **limits))

    again = await solve(graph, context(ScriptedModel(broken), tmp_path / "s", **limits))

    assert 56 <= len(model.calls) <= 60  # what is left would bring no sketch to a program
    assert once.stopped == "budget spent: calls=60"
    assert again == once


async def test_a_larger_budget_pays_only_for_what_is_new(tmp_path: Path) -> None:
    graph = plan_search("paper")
    first, second = ScriptedModel(script(3, 3)), ScriptedModel(script(3, 3))
    await solve(graph, context(first, tmp_path / "s", budget=Budget(calls=60)))

    await solve(graph, context(second, tmp_path / "s", budget=Budget(calls=100)))

    assert 96 <= len(first.calls) + len(second.calls) <= 100
    assert not set(first.paths) & set(second.paths)


async def test_another_seed_samples_anew(tmp_path: Path) -> None:
    graph = plan_search("fast", enough=None)
    first, second = ScriptedModel(script(3, 3)), ScriptedModel(script(3, 3))
    await solve(graph, context(first, tmp_path / "s", seed=0))

    await solve(graph, context(second, tmp_path / "s", seed=1))

    assert len(second.calls) >= len(first.calls) - 8  # all of them anew; other subsets are chosen


async def test_an_early_stop_is_the_same_under_replay(tmp_path: Path) -> None:
    graph = plan_search("paper", enough=3)
    model = ScriptedModel(script(5, 4), latency=lambda path: 0.001 * (len(path) % 7))
    once = await solve(graph, context(model, tmp_path / "s"))

    again = await solve(graph, context(ScriptedModel(broken), tmp_path / "s"))

    assert once.stopped.startswith("enough: 3")
    assert len(model.calls) < 1300
    assert again == once


async def test_a_checkpoint_holds_no_texts_and_resumes_from_the_store(tmp_path: Path) -> None:
    config: Any = {"configurable": {"thread_id": "1"}}
    given = context(ScriptedModel(script(5, 4)), tmp_path / "store")
    async with sqlite_checkpointer(tmp_path / "checkpoints") as saver:
        graph = plan_search("paper").builder.compile(
            checkpointer=saver, interrupt_before=["select"]
        )
        await graph.ainvoke({"task": TASK}, config, context=given)
    written = b"".join(path.read_bytes() for path in tmp_path.glob("checkpoints*"))

    async with sqlite_checkpointer(tmp_path / "checkpoints") as saver:
        graph = plan_search("paper").builder.compile(checkpointer=saver)
        elsewhere = context(ScriptedModel(broken), tmp_path / "store")
        resumed = (await graph.ainvoke(None, config, context=elsewhere))["solution"]

    whole = await solve(plan_search("paper"), context(ScriptedModel(script(5, 4)), None))
    assert b"Words" not in written
    assert replace(resumed, run=whole.run) == whole


async def test_a_checkpoint_without_its_store_says_so(tmp_path: Path) -> None:
    config: Any = {"configurable": {"thread_id": "1"}}
    async with sqlite_checkpointer(tmp_path / "checkpoints") as saver:
        graph = plan_search("fast").builder.compile(checkpointer=saver, interrupt_before=["select"])
        await graph.ainvoke({"task": TASK}, config, context=context(ScriptedModel(script()), None))

        with pytest.raises(StoreError, match="the store file it was started with"):
            await graph.ainvoke(None, config, context=context(ScriptedModel(script()), None))


@pytest.mark.parametrize("error", [KeyError("x"), TimeoutError(), asyncio.QueueEmpty("empty")])
async def test_a_model_that_raises_what_no_model_should_costs_one_branch(error: Exception) -> None:
    def odd(messages: list[Message], path: str, index: int) -> str:
        if path == "o2/plan":
            raise error
        return script(3, 3)(messages, path, index)

    solution = await solve(plan_search("paper"), context(ScriptedModel(odd), None))

    assert solution.solved
    assert solution.stopped == "complete"
    assert solution.faults == {type(error).__name__: 1}
