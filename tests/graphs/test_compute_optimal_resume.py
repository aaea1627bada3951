"""Compute-optimal search, resumed from a checkpoint in a new context."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ponder.graphs import checkpointer, compute_optimal
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.verifiers import ScriptedVerifier
from tests.support.policies import written
from tests.support.steps import QUESTION, scores, script

CONFIG: Any = {"configurable": {"thread_id": "1"}}


def context(model: ScriptedModel, store: Path | None) -> Context:
    sandbox = ScriptedSandbox(lambda program, given: None)
    verifier = ScriptedVerifier(scores)
    return Context(model=model, sandbox=sandbox, verifier=verifier, store=store)


@pytest.mark.parametrize("strategy", ["revisions-4", "beam-4", "best-of-n"])
@pytest.mark.parametrize("seam", ["decide", "strategy", "choose"])
async def test_it_goes_on_from_every_seam_without_asking_anything_twice(
    tmp_path: Path, strategy: str, seam: str
) -> None:
    policy = written(tmp_path, dict.fromkeys((1, 2, 3), strategy))
    graph = compute_optimal(policy=policy, budget=16, probe=4)
    stop = strategy if seam == "strategy" else seam
    first, second = ScriptedModel(script), ScriptedModel(script)
    store = tmp_path / "store"

    async with checkpointer(f"sqlite:///{tmp_path / 'checkpoints'}") as saver:
        cut = graph.builder.compile(checkpointer=saver, interrupt_before=[stop])
        await cut.ainvoke({"task": QUESTION}, CONFIG, context=context(first, store))
    async with checkpointer(f"sqlite:///{tmp_path / 'checkpoints'}") as saver:
        rest = graph.builder.compile(checkpointer=saver)
        given = context(second, store)
        resumed: Solution = (await rest.ainvoke(None, CONFIG, context=given))["solution"]

    whole = (await graph.ainvoke({"task": QUESTION}, context=context(ScriptedModel(script), None)))[
        "solution"
    ]
    assert not set(first.paths) & set(second.paths)
    assert replace(resumed, run=whole.run) == whole
    assert given.thoughts(resumed)["difficulty"].text


def broken(messages: list[Message], path: str, index: int) -> str:
    raise AssertionError(f"{path} was asked again")


async def test_a_finished_search_replays_without_a_model(tmp_path: Path) -> None:
    policy = written(tmp_path, {}, overall="beam-4")
    graph = compute_optimal(policy=policy, budget=16, probe=4)
    store = tmp_path / "store"
    first = context(ScriptedModel(script), store)
    once = (await graph.ainvoke({"task": QUESTION}, context=first))["solution"]

    second = context(ScriptedModel(broken), store)
    again = (await graph.ainvoke({"task": QUESTION}, context=second))["solution"]

    assert again == once
