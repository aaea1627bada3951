"""What a small budget of calls is spent on."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from ponder.graphs import Graph, idea_search, plan_search
from ponder.models import Budget, Message, ScriptedModel, Store
from ponder.models.store import digest
from ponder.nodes import Asked, Begin, Brainstorm, Chain, Context, Solution, WriteCode
from ponder.nodes.calls import Calls
from ponder.nodes.request import Request
from ponder.nodes.sampling import Sampling
from ponder.sandboxes import ScriptedSandbox
from tests.support.interrupted import Interrupted
from tests.support.plans import TASK, script


async def solve(
    graph: Graph, model: ScriptedModel, calls: int, store: Path | None = None
) -> Solution:
    given = Context(
        model,
        sandbox=ScriptedSandbox(lambda program, given: 2 * given[0]),
        budget=Budget(calls=calls),
        store=store,
    )
    solution: Solution = (await graph.ainvoke({"task": TASK}, context=given))["solution"]
    return solution


def graphs() -> list[Any]:
    fast: dict[str, Any] = {"enough": None}
    return [
        pytest.param(idea_search("paper"), 5, id="idea_search"),
        pytest.param(plan_search("fast", **fast), 3, id="plan_search fast"),
        pytest.param(plan_search("fast", fix=True, **fast), 3, id="with a fix"),
        pytest.param(plan_search("fast", pseudocode=True, **fast), 2, id="with pseudocode"),
        pytest.param(plan_search("fast", plan=False, **fast), 6, id="without plans"),
    ]


@pytest.mark.parametrize(("graph", "least"), graphs())
async def test_no_plan_is_paid_for_that_no_call_is_left_to_implement(
    graph: Graph, least: int
) -> None:
    model = ScriptedModel(script(3, 3))

    solution = await solve(graph, model, 10)

    ideas = [path for path in model.paths if path.endswith(("/plan", "/idea", "/fix"))]
    assert len(model.calls) <= 10
    assert len(solution.candidates) >= max(least, len(ideas))
    assert solution.stopped == "budget spent: calls=10"


@pytest.mark.parametrize("graph", [idea_search("paper"), plan_search("fast", enough=None)])
async def test_a_small_budget_is_spent_alike_when_the_run_is_started_again(
    graph: Graph, tmp_path: Path
) -> None:
    first, second = ScriptedModel(script(3, 3)), ScriptedModel(script(3, 3))
    once = await solve(graph, first, 10, tmp_path / "s")

    again = await solve(graph, second, 10, tmp_path / "s")

    assert again == once
    assert second.calls == []


class Begun(TypedDict):
    """Where a search was left."""

    run: str


def begun(*nodes: Any) -> Graph:
    """A search that is left after those nodes."""
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(
        Begun, context_schema=Context, input_schema=Asked
    )
    graph.add_node("begin", Begin("begun"))
    graph.add_node("nodes", Chain(nodes))
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", lambda state: Send("nodes", {**state, "path": "s1"}))
    graph.add_edge("nodes", END)
    return graph.compile()


@pytest.mark.parametrize("nodes", [(Brainstorm(),), (Brainstorm(), WriteCode())])
async def test_a_checkpoint_between_a_plan_and_its_program_has_a_call_set_aside(
    nodes: tuple[Any, ...], tmp_path: Path
) -> None:
    def given() -> Context:
        sandbox = ScriptedSandbox(lambda program, given: 0)
        model = ScriptedModel(script())
        return Context(model, sandbox=sandbox, budget=Budget(calls=10), store=tmp_path / "s")

    with given() as first:
        key = (await begun(*nodes).ainvoke({"task": TASK}, context=first))["run"]

    with given() as second:
        assert second.run(key).calls.ledger.left(0) == "8 calls"


async def test_of_two_replies_to_one_request_the_first_stands_whole() -> None:
    store = Store()
    calls = Calls("run", "task", store, Budget(), 0)

    def reply(messages: list[Message], path: str, index: int) -> str:
        # Another process answers meanwhile.
        request = Request("p", model, messages, Sampling(), None, calls.seed("p"))
        first = {"text": "first", "finish": "other", "usage": {}, "faults": []}
        store.put_reply(
            digest(["task", "p", model.name, request.as_json()]),
            task="task",
            path="p",
            model=model.name,
            request=request.as_json(),
            reply=first,
        )
        return "second"

    model = ScriptedModel(reply)
    got = await calls.ask(model, "p", [{"role": "user", "content": "?"}], Sampling())

    assert (got.text, got.finish) == ("first", "other")


@pytest.mark.parametrize("after", [14, 25, 28])
@pytest.mark.parametrize("seed", range(5))
async def test_a_run_that_was_cut_off_does_not_go_over_its_budget(
    after: int, seed: int, tmp_path: Path
) -> None:
    def latency(path: str) -> float:
        return 0.001 * random.Random(f"{seed} {path}").randrange(1, 20)

    graph = plan_search("fast", enough=None, fix=True)
    first = Interrupted(script(3, 3), latency=latency)
    second = ScriptedModel(script(3, 3), latency=latency)
    first.after = after
    first.run = asyncio.ensure_future(solve(graph, first, 30, tmp_path / "s"))
    await asyncio.gather(first.run, return_exceptions=True)
    await asyncio.sleep(0.02)  # what it had begun to write is committed

    solution = await solve(graph, second, 30, tmp_path / "s")

    assert len(first.calls) + len(second.calls) <= 30
    assert solution.usage.calls <= 30
    assert len(solution.candidates) >= 5  # on a busy machine more calls are cut off unanswered
