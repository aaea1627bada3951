"""Runs and thoughts as OpenTelemetry's spans, as a program's own provider gets them."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.trace import StatusCode

from ponder.errors import ModelRefused, StoreError
from ponder.graphs import Graph, beam_search, plan_search, repeated_sampling
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import Task
from ponder.verifiers import ScriptedVerifier
from tests.support import steps
from tests.support.plans import TASK, script
from tests.support.spans import Traced, number, parent, told, traced

__all__ = ["traced"]


def context(model: ScriptedModel | None = None, store: Path | None = None) -> Context:
    sandbox = ScriptedSandbox(lambda program, given: 2 * given[0])
    return Context(model or ScriptedModel(script(3, 3)), sandbox=sandbox, store=store)


async def solve(graph: Graph, given: Context, task: Task = TASK) -> Solution:
    solution: Solution = (await graph.ainvoke({"task": task}, context=given))["solution"]
    return solution


@pytest.mark.parametrize("profile", ["paper", "fast"])
async def test_the_tree_of_spans_is_the_tree_of_thoughts(traced: Traced, profile: str) -> None:
    given = context()

    solution = await solve(plan_search(profile), given)

    [run] = traced.runs()
    spans, thoughts = traced.thoughts(), given.thoughts(solution)
    assert spans.keys() == thoughts.keys()
    for id, thought in thoughts.items():
        first, *others = thought.parents or (None,)
        above = run if first is None else spans[first]
        assert parent(spans[id]) == number(above), id
        assert [link.context.span_id for link in spans[id].links] == [
            number(spans[other]) for other in others if other is not None
        ]
        assert spans[id].name == told(spans[id])["ponder.kind"] == thought.kind
    judged = {told(one)["ponder.thought"]: one for one in traced.named("judge")}
    assert judged.keys() == {candidate.id for candidate in solution.candidates}
    assert all(parent(one) == number(spans[id]) for id, one in judged.items())


async def test_a_run_s_span_says_what_was_asked_and_found(traced: Traced) -> None:
    solution = await solve(plan_search(enough=None), context())

    [run] = traced.runs()
    assert (run.name, parent(run), run.status.status_code) == (
        "ponder.plan_search double",
        None,
        StatusCode.UNSET,
    )
    assert told(run) | {
        "ponder.run": solution.run,
        "ponder.task": "double",
        "ponder.graph": "plan_search",
        "ponder.models": ("scripted", "scripted", "scripted"),
        "ponder.verifier": "public tests",
        "ponder.seed": 0,
        "ponder.stopped": "complete",
        "ponder.solved": True,
        "ponder.chosen": solution.chosen,
        "ponder.candidates": len(solution.candidates),
        "ponder.usage.calls": solution.usage.calls,
    } == told(run)


async def test_a_run_is_the_child_of_the_program_s_own_span(traced: Traced) -> None:
    with trace.get_tracer("mine").start_as_current_span("mine"):
        await solve(repeated_sampling(samples=2), context())

    [mine], [run] = traced.named("mine"), traced.runs()
    assert parent(run) == number(mine)


async def test_a_judging_span_holds_the_verdict(traced: Traced) -> None:
    await solve(repeated_sampling(samples=1), context())

    [judging] = traced.named("judge")
    assert told(judging)["gen_ai.evaluation.score.value"] == 1.0
    assert told(judging)["gen_ai.evaluation.score.label"] == "pass"
    assert "gen_ai.evaluation.explanation" not in told(judging)


async def test_a_batch_is_judged_in_one_span_that_is_linked_to_each_step(traced: Traced) -> None:
    verifier = ScriptedVerifier(steps.scores)
    sandbox = ScriptedSandbox(lambda program, given: None)
    given = Context(ScriptedModel(steps.script), verifier=verifier, sandbox=sandbox)

    await solve(beam_search(samples=4, width=2), given, steps.QUESTION)

    [run], spans = traced.runs(), traced.thoughts()
    first = traced.named("judge")[0]
    assert parent(first) == number(run)
    assert {link.context.span_id for link in first.links} == {
        number(spans[f"s{i}"]) for i in range(1, 5)
    }
    assert len(first.events) == 4
    assert parent(spans["s1"]) == number(run)
    deeper = next(one for id, one in spans.items() if id.count("/") == 1)
    assert parent(deeper) == number(spans[told(deeper)["ponder.parents"][0]])


def refusing(messages: list[Message], path: str, index: int) -> str:
    if path.startswith("s2/"):
        raise ModelRefused("refused: by the filter")
    return "Nothing." if path == "s1/code" else "```python\ndef solve(x):\n    return 2 * x\n```"


async def test_a_failed_thought_s_span_is_an_error_and_faults_are_events(traced: Traced) -> None:
    await solve(repeated_sampling(samples=3), context(ScriptedModel(refusing)))

    spans = traced.thoughts()
    assert spans["s2/code"].status.status_code is StatusCode.ERROR
    assert spans["s2/code"].status.description == "refused: by the filter"
    assert told(spans["s2/code"])["error.type"] == "refused"
    assert spans["s1/code"].status.status_code is StatusCode.UNSET
    [fault] = spans["s1/code"].events
    assert (fault.attributes or {})["error.type"] == "unreadable"
    assert told(spans["s1/code"])["ponder.usage.calls"] == 2


async def test_a_replayed_run_has_the_same_spans_which_cost_nothing(
    traced: Traced, tmp_path: Path
) -> None:
    graph = plan_search(enough=None)
    first = await solve(graph, context(store=tmp_path / "s"))
    before = traced.thoughts()
    traced.clear()

    again = await solve(graph, context(store=tmp_path / "s"))

    spans = traced.thoughts()
    assert spans.keys() == before.keys()
    asked = [id for id in spans if "ponder.usage.calls" in told(before[id])]
    assert all(told(spans[id])["ponder.replayed"] for id in asked)
    rest = [*spans.values(), *traced.named("judge")]
    assert not any("ponder.usage.calls" in told(one) for one in rest)
    assert all(told(one)["ponder.replayed"] for one in traced.named("judge"))
    assert told(traced.runs()[0])["ponder.usage.calls"] == first.usage.calls == again.usage.calls


async def test_what_was_never_asked_has_no_span(traced: Traced) -> None:
    given = context()

    solution = await solve(plan_search("paper", enough=1), given)

    assert solution.stopped.startswith("enough")
    assert traced.thoughts().keys() == given.thoughts(solution).keys()


def broken(messages: list[Message], path: str, index: int) -> str:
    if path == "s2/code":
        raise StoreError("the disk is full")
    return script()(messages, path, index)


async def test_a_run_that_dies_ends_its_span_with_the_reason(traced: Traced) -> None:
    with pytest.raises(StoreError):
        await solve(repeated_sampling(samples=2), context(ScriptedModel(broken)))

    [run] = traced.runs()
    assert run.status.status_code is StatusCode.ERROR
    assert run.status.description == "StoreError: the disk is full"
    assert traced.thoughts()["s2/code"].status.status_code is StatusCode.ERROR


async def test_a_run_that_is_cancelled_ends_its_span_too(traced: Traced) -> None:
    class Waiting(ScriptedModel):
        async def chat(self, messages: list[Message], **rest: Any) -> Any:
            await asyncio.sleep(10)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await solve(repeated_sampling(samples=2), context(Waiting(script())))

    assert [run.status.description for run in traced.runs()] == ["cancelled"]


async def test_a_run_left_between_two_nodes_ends_with_its_context(traced: Traced) -> None:
    with context() as given:
        graph = repeated_sampling(samples=2)
        async for _ in graph.astream({"task": TASK}, context=given):
            break  # after the first node
        assert traced.runs() == []

    assert [run.status.description for run in traced.runs()] == ["it was left unfinished"]


async def test_prompts_and_thoughts_are_told_only_if_asked_for(
    traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    await solve(repeated_sampling(samples=1), context())
    silent = told(traced.thoughts()["s1/code"])
    traced.clear()
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")

    await solve(repeated_sampling(samples=1), context())

    said = told(traced.thoughts()["s1/code"])
    assert not [name for name in silent if name.startswith("gen_ai")]
    [asked] = json.loads(said["gen_ai.input.messages"])[-1]["parts"]
    [answered] = json.loads(said["gen_ai.output.messages"])[-1]["parts"]
    assert "Return twice the number." in asked["content"]
    assert "def solve(x)" in answered["content"]


async def test_the_current_span_of_a_call_is_its_thought_s(traced: Traced) -> None:
    seen: dict[str, int] = {}

    def look(messages: list[Message], path: str, index: int) -> str:
        seen[path] = trace.get_current_span().get_span_context().span_id
        return script(3, 3)(messages, path, index)

    await solve(plan_search(enough=None), context(ScriptedModel(look)))

    assert seen == {id: number(traced.thoughts()[id]) for id in seen}
    assert not trace.get_current_span().get_span_context().is_valid


async def test_half_of_a_surrogate_pair_spoils_no_export(
    traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(messages: list[Message], path: str, index: int) -> str:
        raise ModelRefused("refused: \ud800")

    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    task = replace(TASK, id="\ud800", statement="\ud800")

    await solve(repeated_sampling(samples=1), context(ScriptedModel(refuse)), task)

    assert encode_spans(traced.spans)
    assert traced.runs()[0].name == "ponder.repeated_sampling ?"


async def test_a_run_that_is_gone_on_with_is_told_as_such(traced: Traced, tmp_path: Path) -> None:
    graph = repeated_sampling(samples=1)
    given = context(store=tmp_path / "s")
    solution = await solve(graph, given)
    traced.clear()

    [later] = [context(store=tmp_path / "s").run(solution.run)]
    await later.judge("s1/code")
    later.spans.abandon("over")

    [run], [judging] = traced.runs(), traced.named("judge")
    assert (told(run)["ponder.resumed"], parent(judging)) == (True, number(run))
