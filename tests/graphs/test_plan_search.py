"""PlanSearch: the shape of its tree, call for call."""

import asyncio
from math import comb
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.graphs import plan_search
from ponder.graphs.plan_search import (
    Explored,
    Sketching,
    fan_out,
    implement_and_repair,
    implement_only,
    start_search,
)
from ponder.models import Completion, Message, ScriptedModel
from ponder.nodes import Context, Place, Solution
from ponder.sandboxes import ScriptedSandbox
from tests.support.plans import TASK, script


def context(model: ScriptedModel, **rest: Any) -> Context:
    return Context(
        model=model, sandbox=ScriptedSandbox(lambda program, given: 2 * given[0]), **rest
    )


async def solve(model: ScriptedModel, profile: str = "paper", **options: Any) -> Solution:
    graph = plan_search(profile, **options)
    result = await graph.ainvoke({"task": TASK}, context=context(model))
    solution: Solution = result["solution"]
    return solution


def tree(n1: int, m: int) -> tuple[int, int]:
    """Layer-1 subsets and unique nodes (specification 1.7)."""
    subsets = 1 + n1 + comb(n1, 2)
    return subsets, 1 + (n1 + comb(n1, 2)) + subsets * (m + comb(m, 2))


TABLE = [(3, 3, 375), (4, 4, 895), (4, 5, 1280), (5, 4, 1300), (5, 5, 1860), (6, 3, 1170)]


@pytest.mark.parametrize(("n1", "m", "calls"), TABLE)
async def test_the_paper_profile_makes_as_many_calls_and_codes_as_the_official_code(
    n1: int, m: int, calls: int
) -> None:
    model = ScriptedModel(script(n1, m))
    subsets, nodes = tree(n1, m)

    solution = await solve(model)

    assert len(model.calls) == calls == 4 + 4 * subsets + 7 * nodes
    assert solution.usage.calls == calls
    assert len(solution.candidates) == 2 * nodes


class Rounds(ScriptedModel):
    """Answers all waiting calls together, once nothing else moves: a round is a step of depth."""

    rounds = 0

    async def chat(self, messages: list[Message], **rest: Any) -> list[Completion]:
        self._waiting: list[asyncio.Future[None]] = getattr(self, "_waiting", [])
        if not self._waiting:
            self._tick = asyncio.ensure_future(self._release())
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn
        return await super().chat(messages, **rest)

    async def _release(self) -> None:
        seen = 0
        while seen != len(self._waiting):
            seen = len(self._waiting)
            await asyncio.sleep(0.1)
        self.rounds += 1
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            turn.set_result(None)


@pytest.mark.parametrize(
    ("options", "depth"),
    [
        ({}, 13),
        ({"fix": False}, 11),
        ({"pseudocode": False}, 12),
        ({"plan": False}, 9),
        ({"layers": 1}, 9),
        ({"turns": "one"}, 7),
    ],
)
async def test_the_critical_path(options: dict[str, Any], depth: int) -> None:
    model = Rounds(script(2, 2))

    await solve(model, **options)

    assert model.rounds == depth


S, U = tree(5, 4)
LEAVES = 1 + S * (4 + comb(4, 2))
OPTIONS: list[tuple[dict[str, Any], int, int]] = [
    ({"fix": False}, 4 + 4 * S + 3 * U, U),
    ({"pseudocode": False}, 4 + 4 * S + 5 * U, 2 * U),
    ({"fix": False, "pseudocode": False}, 4 + 4 * S + 2 * U, U),
    ({"plan": False}, 4 + 4 * S + U, U),
    ({"turns": "one"}, 1 + S + 7 * U, 2 * U),
    ({"layers": 1}, 4 + 7 * (1 + 5 + comb(5, 2)), 2 * (1 + 5 + comb(5, 2))),
    ({"internal": False}, 4 + 4 * S + 7 * LEAVES, 2 * LEAVES),
    ({"subset_size": 1}, 4 + 4 * 6 + 7 * (1 + 5 + 6 * 4), 2 * (1 + 5 + 6 * 4)),
    ({"carry": True}, 4 + 4 * S + 7 * U, 2 * U),
    # A leaf that carries its parents' observations is a node of its own, its empty subset too.
    ({"carry": True, "internal": False}, 4 + 4 * S + 7 * S * 11, 2 * S * 11),
    ({"max_observations": 3}, 375 + 4 * 0, 98),
]


@pytest.mark.parametrize(("options", "calls", "codes"), OPTIONS)
async def test_each_option_changes_the_count_as_it_should(
    options: dict[str, Any], calls: int, codes: int
) -> None:
    m = 3 if "max_observations" in options else 4
    model = ScriptedModel(script(5, m))

    solution = await solve(model, **options)

    assert (len(model.calls), len(solution.candidates)) == (calls, codes)


async def test_three_layers_go_one_deeper() -> None:
    model = ScriptedModel(script(2, 1))
    one, two, three = 1 + 2 + 1, 4 * (1 + 1), 8 * 1  # subsets after each layer

    solution = await solve(model, layers=3, fix=False)

    nodes = 1 + (one - 1) + one * 1 + two * 1
    assert three == two
    assert len(solution.candidates) == nodes
    assert len(model.calls) == 4 * (1 + one + two) + 3 * nodes


async def test_the_same_observations_found_twice_are_solved_once() -> None:
    def same(messages: list[Message], path: str, index: int) -> str:
        if "Python list of strings" in messages[-1]["content"]:
            return '["A", "B"]'
        return script()(messages, path, index)

    model = ScriptedModel(same)

    solution = await solve(model, fix=False)

    # {}, {A}, {B}, {A, B} at the root, and the same again from every branch.
    assert len(solution.candidates) == 4
    assert sum(path.endswith("plan") for path in model.paths) == 4


async def test_the_coder_sees_the_pseudocode_and_not_the_plan() -> None:
    model = ScriptedModel(script(1, 1))

    await solve(model)

    asked = {call.path: call.messages[-1]["content"] for call in model.calls}
    said = {call.path: call.reply for call in model.calls}
    assert said["o0/plan/pseudocode"] in asked["o0/plan/code"]
    assert said["o0/plan"] not in asked["o0/plan/code"]
    assert said["o0/plan/fix"] in asked["o0/plan/fix/pseudocode"]


async def test_a_second_layer_is_derived_from_the_subset_alone() -> None:
    model = ScriptedModel(script(2, 2))

    solution = await solve(model)

    thoughts = {call.path: call for call in model.calls}
    derive = thoughts["o1+o2/brainstorm"].messages[-1]["content"]
    plan = thoughts["o1+o2/o1/plan"].messages[-1]["content"]
    first = [f"Observation {i} of" for i in range(2)]
    assert all(words in derive for words in first)
    assert plan.count("Observation ") == 1  # the parents' are not carried down
    assert solution.stopped == "complete"


async def test_idea_and_code_roles_may_be_different_models() -> None:
    ideas, coder = ScriptedModel(script(1, 1), name="ideas"), ScriptedModel(script(), name="coder")

    await plan_search("paper").ainvoke({"task": TASK}, context=context(coder, idea_model=ideas))

    kinds = {path.rpartition("/")[2] for path in coder.paths}
    assert kinds == {"pseudocode", "code"}
    assert {"brainstorm", "plan", "criticism", "fix"} <= {
        path.rpartition("/")[2] for path in ideas.paths
    }


async def test_the_fast_profile_stays_near_forty_calls() -> None:
    model = ScriptedModel(script(9, 9))

    solution = await solve(model, "fast", enough=None)

    assert len(model.calls) == 2 + 1 + 4 * 2 + 3 * (1 + 4 * 2)
    assert solution.solved


@pytest.mark.parametrize(
    ("profile", "options", "says"),
    [
        ("slow", {}, "profile 'slow' is not one of paper, fast"),
        ("fast", {"layer": 2}, "option 'layer' is not one of"),
        ("fast", {"layers": 0}, "option layers=0"),
        ("paper", {"temperature": "hot"}, "option temperature='hot'"),
    ],
)
def test_a_wrong_option_is_named(profile: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        plan_search(profile, **options)


def test_the_search_starts_with_the_empty_subset_beside_the_first_observations() -> None:
    idea, explore = start_search({"run": "r", "candidates": []})

    assert (idea.node, idea.arg) == ("idea", {"run": "r", "path": "o0", "observations": []})
    assert (explore.node, explore.arg) == ("explore", {"run": "r", "path": "", "observations": []})


def test_each_place_is_sent_to_a_branch_of_its_own() -> None:
    place: Place = {"run": "r", "path": "o1", "observations": ["o1"]}
    state: Explored = {
        "run": "r", "path": "", "observations": [], "candidates": [],
        "ideas": [place], "branches": [place],
    }  # fmt: skip

    sent = fan_out("solve", "deeper")(state)

    assert [(send.node, send.arg) for send in sent] == [("solve", place), ("deeper", place)]


@pytest.mark.parametrize(("ended", "repaired"), [(None, 2), ("429: too many", 0)])
def test_a_plan_that_failed_is_neither_implemented_nor_repaired(
    ended: str | None, repaired: int
) -> None:
    state: Sketching = {
        "run": "r", "path": "o1", "observations": [], "sketch": "o1/plan", "ended": ended,
        "candidates": [],
    }  # fmt: skip

    assert len(implement_and_repair(state)) == repaired
    assert len(implement_only(state)) == repaired // 2


@pytest.mark.parametrize("profile", ["paper", "fast"])
def test_the_whole_graph_can_be_drawn(profile: str) -> None:
    drawn = plan_search(profile).get_graph(xray=True).draw_mermaid()

    for node in ("begin", "observe", "plan", "implement", "select"):
        assert node in drawn
