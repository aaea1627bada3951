"""What a small budget of calls is spent on."""

from pathlib import Path
from typing import Any

import pytest

from ponder.graphs import Graph, idea_search, plan_search
from ponder.models import Budget, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
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
