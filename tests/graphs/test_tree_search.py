"""Beam search, lookahead search and DVTS, against the published algorithm and by what they cost."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import pytest

from ponder.errors import InputError, ModelRefused
from ponder.graphs import Graph, beam_search, dvts, lookahead_search
from ponder.models import Budget, Completion, Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import CodeTask
from ponder.verifiers import ScriptedVerifier, Verdict
from tests.support.plans import TASK
from tests.support.steps import QUESTION, Reference, scores, script


def context(model: Any = None, verifier: Any = None, **rest: Any) -> Context:
    return Context(
        model=model or ScriptedModel(script),
        verifier=verifier or ScriptedVerifier(scores),
        sandbox=ScriptedSandbox(lambda program, given: None),
        **rest,
    )


async def solve(graph: Graph, given: Context) -> Solution:
    solution: Solution = (await graph.ainvoke({"task": QUESTION}, context=given))["solution"]
    return solution


def texts(given: Context, solution: Solution) -> list[str]:
    thoughts = given.thoughts(solution)
    return [thoughts[candidate.id].text for candidate in solution.candidates]


SIZES = [(8, 4, 40), (16, 4, 40), (9, 3, 5), (4, 4, 2), (6, 2, 1)]


@pytest.mark.parametrize(("samples", "width", "rounds"), SIZES)
async def test_beam_search_scores_and_finds_what_the_published_algorithm_does(
    samples: int, width: int, rounds: int
) -> None:
    reference = Reference(samples, width, rounds)
    found = reference.beam()
    verifier = ScriptedVerifier(scores)
    given = context(verifier=verifier)

    solution = await solve(beam_search(samples=samples, width=width, rounds=rounds), given)

    ours = [sorted("\n\n".join(one.steps) for one in batch) for batch in batches(verifier)]
    theirs = [sorted(text.removesuffix("\n\n") for text in batch) for batch in reference.scored]
    assert ours == theirs[: len(ours)], "it may stop sooner: once it has all it will choose from"
    assert sorted(texts(given, solution)) == sorted(found)


def batches(verifier: ScriptedVerifier) -> list[list[Any]]:
    asked = iter(verifier.asked)
    return [[next(asked) for _ in range(size)] for size in verifier.batches]


@pytest.mark.parametrize(("samples", "width", "rounds"), [(8, 4, 40), (12, 3, 40), (8, 2, 4)])
async def test_dvts_finds_what_the_published_algorithm_does(
    samples: int, width: int, rounds: int
) -> None:
    reference = Reference(samples, width, rounds)
    found = [text for answers in reference.dvts() for text in answers]
    given = context()

    solution = await solve(dvts(samples=samples, width=width, rounds=rounds), given)

    assert sorted(texts(given, solution)) == sorted(found)


async def test_a_round_keeps_n_over_m_beams_and_samples_n_steps() -> None:
    model = ScriptedModel(script)

    await solve(beam_search(samples=16, width=4, rounds=3), context(model))

    by_depth = [[path for path in model.paths if path.count("/") == depth] for depth in range(3)]
    assert [len(paths) for paths in by_depth] == [16, 16, 16]
    assert len({path.rpartition("/")[0] for path in by_depth[1]}) == 4


def endless(messages: list[Message], path: str, index: int) -> str:
    return f"Again {path}.\n\nand again" if "stop" not in path else ""


async def test_no_search_has_more_than_its_rounds() -> None:
    model = ScriptedModel(endless)
    given = context(model)

    solution = await solve(beam_search("paper", samples=4, width=2), given)

    assert len(model.paths) == 4 * 40
    assert len(solution.candidates) == 4, "in the last round answers are written to their end"


async def test_lookahead_judges_where_a_step_leads_and_pays_for_it() -> None:
    near, far = ScriptedVerifier(scores), ScriptedVerifier(scores)
    model = ScriptedModel(endless)

    await solve(beam_search(samples=8, rounds=3), context(ScriptedModel(endless), near))
    await solve(lookahead_search(samples=8, rounds=3, lookahead=3), context(model, far))

    first = [path for path in model.paths if re.fullmatch(r"s\d(/look\d)?", path)]
    assert len(first) == 8 * (3 + 1)
    assert [len(one.steps) for one in near.asked[:8]] == [1] * 8
    assert [len(one.steps) for one in far.asked[:8]] == [4] * 8
    greedy = {call.parameters["temperature"] for call in model.calls if "look" in call.path}
    assert greedy == {0.0}


async def test_a_rollout_is_forgotten() -> None:
    model = ScriptedModel(endless)

    await solve(lookahead_search(samples=4, rounds=3, lookahead=2), context(model))

    prompts = [call.messages[-1]["content"] for call in model.calls if "look" not in call.path]
    assert not any("look" in prompt for prompt in prompts)


def faulty(messages: list[Message], path: str, index: int) -> Any:
    if path.startswith("s1"):
        raise ModelRefused("refused: no")
    return "" if path.startswith("s2") else script(messages, path, index)


async def test_a_refusal_an_empty_step_and_a_verifier_that_raises_cost_their_branches() -> None:
    def moody(task: Any, steps: Sequence[str]) -> list[float]:
        if sum(map(ord, steps[0])) % 2:
            raise RuntimeError("cuda out of memory")
        return scores(task, steps)

    class Moody(ScriptedVerifier):
        async def judge_steps(self, task: Any, solutions: Any) -> list[Verdict]:
            judged = []
            for steps in solutions:
                try:
                    judged += await super().judge_steps(task, [steps])
                except RuntimeError as error:
                    judged.append(Verdict(reason=str(error)))
            return judged

    given = context(ScriptedModel(faulty), Moody(moody))

    solution = await solve(beam_search(samples=8, width=2), given)

    assert solution.final is not None
    assert solution.faults["refused"] == 2
    assert solution.faults["empty"] == 1


async def test_a_step_that_is_cut_off_is_sampled_once_more_and_then_ends_its_branch() -> None:
    def cut(messages: list[Message], path: str, index: int) -> Any:
        whole = script(messages, path, index)
        return Completion(whole[:3], "length") if path.startswith("s1") else whole

    model = ScriptedModel(cut)
    given = context(model)

    solution = await solve(beam_search(samples=4, width=2), given)

    thoughts = given.thoughts(solution)
    assert [path for path in model.paths if path.startswith("s1")] == ["s1", "s1~2"]
    assert (thoughts["s1"].failure or "").startswith("truncated")
    assert solution.final is not None


async def test_a_model_that_repeats_itself_ends_at_its_last_round() -> None:
    repeating = ScriptedModel(lambda messages, path, index: "Again.\n\nAgain.")

    plain = await solve(beam_search(samples=8, rounds=5), context(repeating))
    distinct = await solve(beam_search(samples=8, rounds=5, distinct=True), context(repeating))

    assert len(plain.candidates) == len(distinct.candidates) == 8
    beams = {candidate.id.partition("/")[0] for candidate in distinct.candidates}
    assert beams == {"s1"}, "of what is the same, one goes on"


async def test_a_verifier_that_can_judge_nothing_leaves_the_search_to_a_vote() -> None:
    def broken(task: Any, steps: Sequence[str]) -> list[float]:
        raise RuntimeError("no")

    solution = await solve(beam_search(samples=8), context(verifier=ScriptedVerifier(broken)))

    assert solution.final in {"0", "1", "2"}
    assert "RuntimeError: no" in solution.verdict.reason


async def test_a_budget_ends_the_search_with_what_is_finished() -> None:
    given = context(budget=Budget(calls=30))

    solution = await solve(beam_search(samples=8, width=4), given)

    assert solution.stopped == "budget spent: calls=30"
    assert solution.usage_by_kind["step"].calls <= 30


async def test_what_judging_costs_is_counted() -> None:
    solution = await solve(beam_search(samples=4, rounds=2), context())

    assert solution.usage_by_kind["verification"].calls == 8
    assert solution.usage.calls == 16


async def test_the_same_question_may_be_searched_twice_at_once() -> None:
    model = ScriptedModel(script, latency=lambda path: 0.001)
    given = context(model)

    both = await asyncio.gather(*(solve(beam_search(samples=8), given) for _ in range(2)))

    assert both[0].final is not None
    assert both[0].final == both[1].final
    assert both[0].faults == both[1].faults == {}


@pytest.mark.parametrize(("options", "message"), [
    ({"samples": 6, "width": 4}, "multiple of width"),
    ({"rounds": 0}, "rounds"),
    ({"beams": 3}, "not one of"),
])  # fmt: skip
def test_wrong_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        beam_search(**options)


async def test_it_needs_a_question_and_a_verifier_of_steps() -> None:
    from ponder.verifiers import PublicTests

    sandbox = ScriptedSandbox(lambda program, given: None)

    with pytest.raises(InputError, match="answers to questions"):
        await beam_search().ainvoke({"task": TASK}, context=context())
    with pytest.raises(InputError, match="prm:PATH"):
        await solve(beam_search(), context(verifier=PublicTests(sandbox)))
    assert isinstance(TASK, CodeTask)
