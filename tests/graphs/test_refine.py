"""Propose, verify, refine: chains of programs, tried until one passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ponder.errors import InputError, ModelRefused, ModelUnavailable
from ponder.graphs import propose_verify_refine
from ponder.graphs.refine import Revising, go_on, start_chains
from ponder.models import Budget, Completion, Message, ScriptedModel, Usage
from ponder.nodes import Run
from ponder.sandboxes import Program, ScriptedSandbox
from ponder.sandboxes.bubblewrap_sandbox import BubblewrapSandbox
from ponder.tasks import Key, Task, Test
from ponder.verifiers import HiddenTests, Verdict
from tests.support.chains import context, places, runs, says, solve
from tests.support.plans import TASK


@pytest.mark.parametrize(("chains", "depth"), [(1, 1), (1, 6), (5, 1), (3, 4)])
async def test_chains_times_depth_answers_are_asked_for(chains: int, depth: int) -> None:
    model = ScriptedModel(says())

    solution = await solve(context(model), chains=chains, depth=depth)

    assert sorted(model.paths) == sorted(places(chains, depth))
    assert [candidate.id for candidate in solution.candidates] == places(chains, depth)
    assert solution.usage.calls == chains * depth
    assert solution.stopped == "complete"


@pytest.mark.parametrize("in_context", [False, True])
async def test_runs_of_before_an_option_are_those_where_it_is_off(in_context: bool) -> None:
    before: dict[str, Any] = {
        "chains": 1, "depth": 1, "context": 4, "feedback": False, "enough": None,
        "choose": "hierarchical", "temperature": 0.8, "top_p": None, "max_tokens": 4096,
    }  # fmt: skip
    known = Run.begin(TASK, ["propose_verify_refine", before], context(ScriptedModel(says())))

    solution = await solve(context(ScriptedModel(says())), chains=1, depth=1, in_context=in_context)

    assert (solution.run == known.key) is not in_context


async def test_the_paper_profile_is_four_chains_of_64() -> None:
    model = ScriptedModel(says())

    solution = await solve(context(model))

    assert len(model.calls) == len(solution.candidates) == 256


async def test_the_fast_profile_is_two_chains_of_four_told_why_until_one_passes() -> None:
    model = ScriptedModel(says({"c2/r4": "right"}))

    result = await propose_verify_refine().ainvoke({"task": TASK}, context=context(model))

    assert sorted(model.paths) == places(2, 4)
    assert model.calls[-1].messages[-1]["content"].count("solve(1) gave 0, expected 2") == 3
    assert result["solution"].stopped == "enough: 1 candidate passes the public tests"


async def test_each_revision_sees_the_last_four_answers_of_its_chain_and_no_others() -> None:
    model = ScriptedModel(says())

    solution = await solve(given := context(model), chains=2, depth=7)

    asked = {call.path: call.messages[-1]["content"] for call in model.calls}
    order = places(2, 7)
    for chain in (order[:7], order[7:]):
        for number, id in enumerate(chain):
            at = {seen: asked[id].find(f"wrong {seen}\n") for seen in order}
            shown = sorted((id for id in order if at[id] >= 0), key=lambda id: at[id])
            assert shown == chain[max(0, number - 4) : number]
            assert given.thoughts(solution)[id].parents == tuple(shown)


@pytest.mark.parametrize("length", [1, 2, 9])
async def test_how_many_are_seen_is_an_option(length: int) -> None:
    model = ScriptedModel(says())

    await solve(context(model), chains=1, depth=5, context=length)

    assert model.calls[-1].messages[-1]["content"].count("## Program") == min(length, 4)


@pytest.mark.parametrize(("feedback", "told"), [(None, 3), (True, 3), (False, 0)])
async def test_why_a_program_fails_its_public_tests_is_shown_where_feedback_is_on(
    feedback: bool | None, told: int
) -> None:
    model = ScriptedModel(says())

    await solve(context(model), chains=1, depth=4, feedback=feedback)

    assert model.calls[-1].messages[-1]["content"].count("solve(1) gave 0, expected 2") == told


async def test_hidden_tests_cannot_be_asked_for_feedback() -> None:
    model = ScriptedModel(says())
    hidden = HiddenTests(ScriptedSandbox(runs), Key("double", (Test((5,), 10),)))

    with pytest.raises(InputError, match="hidden tests: it judges by a key"):
        await solve(context(model, verifier=hidden), feedback=True)

    assert not model.calls


async def test_a_chain_stops_when_it_passes_and_the_others_go_on() -> None:
    model = ScriptedModel(says({"c2/r2": "right", "c3/code": "right"}))

    solution = await solve(context(model), chains=3, depth=4)

    assert sorted(model.paths) == [*places(1, 4), "c2/code", "c2/r2", "c3/code"]
    assert solution.solved
    assert solution.chosen == "c2/r2"


async def test_enough_programs_that_pass_stop_all_chains() -> None:
    model = ScriptedModel(
        says({"c1/r2": "right"}), latency=lambda path: 0.0 if path.startswith("c1") else 0.2
    )

    solution = await solve(context(model), chains=3, depth=4, enough=1)

    assert model.paths == ["c1/code", "c1/r2"]
    assert solution.stopped == "enough: 1 candidate passes the public tests"


async def test_no_chain_waits_for_another() -> None:
    model = ScriptedModel(says(), latency=lambda path: 0.3 if path == "c1/code" else 0.0)

    await solve(context(model), chains=2, depth=5)

    assert model.paths[:5] == places(2, 5)[5:]


async def test_an_answer_is_not_taken_because_it_is_the_last() -> None:
    """A revision model turns 38 % of its right answers wrong again (paper, section 6.1)."""

    @dataclass
    class Rewards:
        name: str = "rewards"

        async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
            return [Verdict(0.9 if "right" in code else 0.2) for code in candidates]

    model = ScriptedModel(says({"c1/r2": "right"}))

    solution = await solve(context(model, verifier=Rewards()), chains=1, depth=4)

    assert len(solution.candidates) == 4
    assert solution.chosen == "c1/r2"


async def test_among_programs_that_fail_the_one_that_passes_most_is_taken() -> None:
    def half(program: Program, given: Any) -> int:
        return 2 if "half" in program.code else 0

    model = ScriptedModel(says({"c2/r3": "half"}))

    solution = await solve(context(model, sandbox=ScriptedSandbox(half)), chains=3, depth=4)

    assert solution.chosen == "c2/r3"
    assert solution.verdict.score == 0.5


async def test_a_revision_that_fails_costs_its_place_and_not_its_chain() -> None:
    def script(messages: list[Message], path: str, index: int) -> str:
        if path == "c1/r2":
            raise ModelUnavailable("503: busy")
        return "no program" if path.startswith("c1/r4") else says()(messages, path, index)

    model = ScriptedModel(script)

    solution = await solve(context(model), chains=1, depth=5)

    assert [candidate.id for candidate in solution.candidates] == ["c1/code", "c1/r3", "c1/r5"]
    assert solution.faults == {"503": 1, "unreadable": 2}
    shown = model.calls[-1].messages[-1]["content"]
    assert shown.index("wrong c1/code") < shown.index("wrong c1/r3")


async def test_a_chain_whose_revisions_fail_twice_in_a_row_ends_alone() -> None:
    def script(messages: list[Message], path: str, index: int) -> str:
        if path.partition("~")[0] in {"c1/r3", "c1/r4"}:
            raise ModelRefused("refused: no")
        return says()(messages, path, index)

    model = ScriptedModel(script)

    solution = await solve(context(model), chains=2, depth=6)

    assert sorted(model.paths) == ["c1/code", "c1/r2", *places(2, 6)[6:]]
    assert len(solution.candidates) == 8
    assert solution.stopped == "complete"


async def test_a_chain_without_a_first_answer_costs_no_other_its_own() -> None:
    def script(messages: list[Message], path: str, index: int) -> str:
        return "no program" if path.startswith("c2") else says()(messages, path, index)

    solution = await solve(context(ScriptedModel(script)), chains=3, depth=2)

    assert [candidate.id for candidate in solution.candidates] == places(3, 2)[:2] + [
        "c3/code",
        "c3/r2",
    ]


async def test_a_model_that_repeats_itself_is_asked_no_more_than_its_depth() -> None:
    model = ScriptedModel(lambda *_: "```python\ndef solve(x):\n    return 0\n```")

    solution = await solve(context(model), chains=2, depth=6)

    assert len(model.calls) == len(solution.candidates) == 12
    assert solution.chosen == "c1/code"


async def test_what_could_not_be_judged_is_revised_without_a_word_of_why() -> None:
    def fails(program: Program, given: Any) -> Any:
        if "c1/r2" in program.code:
            raise RuntimeError("host trouble")
        return runs(program, given)

    model = ScriptedModel(says({"c1/r4": "right"}))

    solution = await solve(
        context(model, sandbox=ScriptedSandbox(fails)), chains=1, depth=6, feedback=True
    )

    assert model.paths == places(1, 4)
    assert "host trouble" in solution.candidates[1].verdict.reason
    assert solution.candidates[1].verdict.passed is None
    asked = model.calls[-1].messages[-1]["content"]
    assert "wrong c1/r2" in asked
    assert "host trouble" not in asked
    assert asked.count("What came of it") == 2


async def test_every_revision_is_a_thought_with_its_cost() -> None:
    def script(messages: list[Message], path: str, index: int) -> Completion | str:
        if path == "c1/r2":
            return "no program"
        text = says()(messages, path, index)
        return Completion(text, usage=Usage(1, 100, 10, 0.5))

    solution = await solve(given := context(ScriptedModel(script)), chains=2, depth=3)

    thoughts = given.thoughts(solution)
    assert {t.kind for t in thoughts.values()} == {"code", "revision"}
    assert [thought.kind for id, thought in sorted(thoughts.items())][:3] == [
        "code", "revision", "revision",
    ]  # fmt: skip
    assert solution.usage_by_kind["code"] == Usage(2, 200, 20, 1.0)
    # c1/r2 was unreadable, and asked for again.
    assert thoughts["c1/r2"].usage.calls == 2
    assert solution.usage_by_kind["revision"].calls == 5
    assert solution.usage.cost == sum(call.cost or 0 for call in solution.usage_by_kind.values())


async def test_a_budget_that_ends_in_the_middle_leaves_the_best_so_far() -> None:
    def half(program: Program, given: Any) -> int:
        return 2 if "half" in program.code else 0

    model = ScriptedModel(says({"c1/r2": "half"}))
    limited = context(model, sandbox=ScriptedSandbox(half), budget=Budget(calls=7))

    solution = await solve(limited, chains=3, depth=20)

    assert len(model.calls) == len(solution.candidates) == 7
    assert solution.chosen == "c1/r2"
    assert solution.stopped == "budget spent: calls=7"


def test_every_chain_is_sent_to_a_branch_of_its_own() -> None:
    sent = start_chains(2)({"run": "r", "candidates": []})

    assert [(send.node, send.arg) for send in sent] == [
        ("chain", {"run": "r", "path": "c1"}),
        ("chain", {"run": "r", "path": "c2"}),
    ]


@pytest.mark.parametrize(
    ("state", "goes_to"),
    [
        ({"candidates": ["c1/code"]}, "refine"),
        ({"candidates": ["c1/code"], "passed": False, "place": 2, "misses": 1}, "refine"),
        ({"candidates": ["c1/code"], "passed": True}, "__end__"),
        ({"candidates": ["c1/code"], "place": 3}, "__end__"),
        ({"candidates": ["c1/code"], "misses": 2}, "__end__"),
        ({"candidates": []}, "__end__"),
    ],
)
def test_a_chain_goes_on_until_it_passes_or_is_long_enough_or_cannot(
    state: dict[str, Any], goes_to: str
) -> None:
    whole: Revising = {"run": "r", "path": "c1", **state}  # type: ignore[typeddict-item]

    assert go_on(3)(whole) == goes_to


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"depth": 0}, "option depth=0"),
        ({"chain": 2}, "option 'chain' is not one of chains, depth"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        propose_verify_refine("fast", **options)


def test_the_whole_graph_can_be_drawn() -> None:
    drawn = propose_verify_refine().get_graph(xray=True).draw_mermaid()

    assert all(node in drawn for node in ("begin", "propose", "refine", "choose"))


REPAIRS = (
    "def solve(x):\n    return x + 1",
    "def solve(x):\n    return x +",
    "def solve(x):\n    return x * 2",
)


@pytest.mark.bubblewrap
async def test_programs_are_mended_by_what_the_sandbox_says() -> None:
    def script(messages: list[Message], path: str, index: int) -> str:
        number = {"c1/code": 0, "c1/r2": 1, "c1/r3": 2}[path]
        return f"```python\n{REPAIRS[number]}\n```"

    model = ScriptedModel(script)
    with context(model, sandbox=BubblewrapSandbox(workers=1)) as given:
        graph = propose_verify_refine("fast", chains=1)
        solution = (await graph.ainvoke({"task": TASK}, context=given))["solution"]

    shown = [call.messages[-1]["content"] for call in model.calls]
    assert "solve(4) gave 5, expected 8" in shown[1]
    assert "SyntaxError" in shown[2]
    assert (solution.chosen, solution.solved) == ("c1/r3", True)
