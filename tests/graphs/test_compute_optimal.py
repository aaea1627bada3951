"""Compute-optimal search: the probe, the decision, and what is spent on what."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, ModelRefused
from ponder.graphs import best_of_n, compute_optimal
from ponder.models import Budget, Message, ScriptedModel, Usage
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import MathTask, Task
from ponder.verifiers import ScriptedVerifier, Verdict
from tests.support.chains import runs, says
from tests.support.interrupted import Interrupted
from tests.support.plans import TASK
from tests.support.policies import written
from tests.support.steps import QUESTION, scores, script


def levels(score: float | None) -> Any:
    """A verifier that gives every step the same."""

    def same(task: Task, steps: Sequence[str]) -> list[float]:
        if score is None:
            raise ConnectionError("down")
        return [score] * len(steps)

    return ScriptedVerifier(same)


def context(model: Any = None, verifier: Any = None, **rest: Any) -> Context:
    return Context(
        model=model or ScriptedModel(script),
        verifier=verifier or levels(0.5),
        sandbox=rest.pop("sandbox", None) or ScriptedSandbox(lambda program, given: None),
        **rest,
    )


async def solve(given: Context, policy: Path, task: Task = QUESTION, **options: Any) -> Solution:
    graph = compute_optimal(policy=policy, **{"budget": 16, "probe": 4, **options})
    solution: Solution = (await graph.ainvoke({"task": task}, context=given))["solution"]
    return solution


def asked(given: Context, solution: Solution) -> Counter[str]:
    """How many thoughts of each kind there are."""
    return Counter(one.kind for one in given.thoughts(solution).values())


BINS = {1: "revisions-4", 2: "beam-4", 3: "best-of-n"}


@pytest.mark.parametrize(
    ("score", "kinds", "said"),
    [
        (0.8, {"answer": 3, "revision": 9}, "bin 1 of 3; revisions-4 with 12"),
        (0.1, {"answer": 12}, "bin 3 of 3; best-of-n with 12"),
    ],
)
async def test_the_probes_scores_decide_what_the_rest_of_the_budget_goes_to(
    tmp_path: Path, score: float, kinds: dict[str, int], said: str
) -> None:
    given = context(verifier=levels(score))

    solution = await solve(given, written(tmp_path, BINS))

    found = given.thoughts(solution)["difficulty"]
    assert asked(given, solution) == {"probe": 4, "difficulty": 1, **kinds}
    assert said in found.text
    assert found.parents == ("s1/answer", "s2/answer", "s3/answer", "s4/answer")
    assert len(solution.candidates) == 16


async def test_a_search_over_steps_spends_what_is_left(tmp_path: Path) -> None:
    given = context(verifier=levels(0.5))

    solution = await solve(given, written(tmp_path, BINS))

    kinds = asked(given, solution)
    assert "bin 2 of 3; beam-4 with 12" in given.thoughts(solution)["difficulty"].text
    assert kinds["probe"] == 4
    assert kinds["step"] % 12 == 0
    assert {one.id.partition("/")[0] for one in solution.candidates} > {"s1", "s4", "tree"}


async def test_lookahead_is_a_strategy_like_another(tmp_path: Path) -> None:
    given = context(verifier=levels(0.5))

    solution = await solve(given, written(tmp_path, {2: "lookahead-1-sqrt"}))

    assert asked(given, solution)["rollout"] > 0


async def test_best_of_n_after_the_probe_is_best_of_n(tmp_path: Path) -> None:
    given, other = (
        context(verifier=ScriptedVerifier(scores)),
        context(verifier=ScriptedVerifier(scores)),
    )
    policy = written(tmp_path, {}, thresholds=(), max_tokens=500)

    ours = await solve(given, policy)
    theirs = await best_of_n(samples=16, max_tokens=500).ainvoke({"task": QUESTION}, context=other)

    assert (ours.chosen, ours.final) == (theirs["solution"].chosen, theirs["solution"].final)
    assert ours.candidates == theirs["solution"].candidates


async def test_the_answer_is_chosen_by_weighted_vote_and_the_probes_count(tmp_path: Path) -> None:
    def reply(messages: list[Message], path: str, index: int) -> str:
        return "So \\boxed{7}" if path.startswith("s") else "So \\boxed{8}"

    def mark(task: Task, steps: Sequence[str]) -> list[float]:
        return [0.9 if "7" in steps[-1] else 0.2 for _ in steps]

    given = context(ScriptedModel(reply), ScriptedVerifier(mark))

    solution = await solve(given, written(tmp_path, {1: "revisions-4"}))

    assert solution.final == "7"
    assert solution.chosen == "s1/answer"


async def test_what_the_probe_cost_is_told_apart(tmp_path: Path) -> None:
    given = context()

    solution = await solve(given, written(tmp_path, {2: "best-of-n"}))

    kinds = solution.usage_by_kind
    assert (kinds["probe"].calls, kinds["answer"].calls) == (4, 12)
    assert f"Cost {kinds['probe'].tokens:,} tokens" in given.thoughts(solution)["difficulty"].text


async def test_without_any_score_the_policys_best_over_all_is_taken_and_said(
    tmp_path: Path,
) -> None:
    given = context(verifier=levels(None))

    solution = await solve(given, written(tmp_path, BINS, overall="revisions-2"))

    assert "none of 4 answers was scored: the policy's best over all; revisions-2" in (
        given.thoughts(solution)["difficulty"].text
    )
    assert solution.final is not None, "the most frequent answer"


async def test_a_bin_without_a_choice_gets_the_policys_best_over_all(tmp_path: Path) -> None:
    given = context(verifier=levels(0.1))

    solution = await solve(given, written(tmp_path, {1: "beam-4"}, overall="revisions-4"))

    assert "bin 3 of 3, which the policy has no choice for: its best over all; revisions-4" in (
        given.thoughts(solution)["difficulty"].text
    )


async def test_another_budget_goes_by_the_nearest_and_a_strategy_too_dear_gives_way(
    tmp_path: Path,
) -> None:
    given = context()

    solution = await solve(given, written(tmp_path, {2: "revisions-8"}), budget=10)

    assert (
        "of budget 16, the nearest to 10 that it knows; revisions-8 needs more than the 6 that "
        "are left: best-of-n" in given.thoughts(solution)["difficulty"].text
    )
    assert asked(given, solution)["answer"] == 6


async def test_a_budget_that_the_probe_takes_whole_is_spent_with_it(tmp_path: Path) -> None:
    given = context()

    solution = await solve(given, written(tmp_path, BINS), budget=4)

    assert "nothing is left to spend" in given.thoughts(solution)["difficulty"].text
    assert len(solution.candidates) == 4


async def test_a_probe_that_never_came_does_not_end_the_search(tmp_path: Path) -> None:
    def refuses(messages: list[Message], path: str, index: int) -> str:
        if path.startswith("s"):
            raise ModelRefused("refused: no")
        return script(messages, path, index)

    given = context(ScriptedModel(refuses))

    solution = await solve(given, written(tmp_path, {}, overall="revisions-4"))

    assert "none of 0 answers" in given.thoughts(solution)["difficulty"].text
    assert len(solution.candidates) == 12


async def test_a_budget_that_runs_out_in_the_probe_still_answers(tmp_path: Path) -> None:
    given = context(budget=Budget(calls=3))

    solution = await solve(given, written(tmp_path, BINS))

    assert solution.stopped.startswith("budget spent")
    assert len(solution.candidates) == 3


async def test_programs_are_probed_by_their_public_tests(tmp_path: Path) -> None:
    model, box = ScriptedModel(says({"s2/code": "right"})), ScriptedSandbox(runs)
    given = Context(model=model, sandbox=box)

    solution = await solve(given, written(tmp_path, {3: "revisions-4"}), task=TASK)

    assert (
        "mean score 0.250: bin 3 of 3; revisions-4" in given.thoughts(solution)["difficulty"].text
    )
    assert solution.solved
    assert solution.chosen == "s2/code"


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "probe": ({}, {"budget": 4, "probe": 8}, "budget=4 is less than probe=8"),
    "oracle": ({"by": "oracle"}, {}, "its difficulty is by oracle, which takes gold answers"),
    "option": ({"luck": 1}, {}, "the policy's best-of-n: option 'luck' is not one of"),
    "unknown": ({}, {"samples": 4}, "option 'samples' is not one of policy, budget, probe"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_refused_when_the_graph_is_built(tmp_path: Path, name: str) -> None:
    fields, options, said = WRONG[name]

    with pytest.raises(InputError, match=said):
        compute_optimal(policy=written(tmp_path, BINS, **fields), **options)


def test_without_a_policy_it_says_how_to_get_one() -> None:
    with pytest.raises(InputError, match="compute_optimal needs a policy"):
        compute_optimal()
    with pytest.raises(InputError, match="No such file"):
        compute_optimal(policy="nowhere.json")


@dataclass
class Whole:
    """Judges whole answers alone."""

    name: str = "whole"

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        return [Verdict(0.5, usage=Usage(calls=1))] * len(candidates)


async def test_searches_that_the_verifier_cannot_judge_are_refused_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    model = ScriptedModel(script)

    with pytest.raises(InputError, match="verifier whole: compute_optimal needs one that judges"):
        await solve(context(model, Whole()), written(tmp_path, BINS))

    assert not model.paths


async def test_without_searches_any_verifier_will_do(tmp_path: Path) -> None:
    solution = await solve(context(verifier=Whole()), written(tmp_path, {2: "revisions-4"}))

    assert len(solution.candidates) == 16


@pytest.mark.parametrize("after", [1, 3, 5, 9, 20])
@pytest.mark.parametrize("strategy", ["revisions-4", "beam-4", "best-of-n"])
async def test_an_interrupted_run_goes_on_asks_nothing_twice_and_ends_the_same(
    tmp_path: Path, after: int, strategy: str
) -> None:
    policy = written(tmp_path, dict.fromkeys((1, 2, 3), strategy))
    store, mark = tmp_path / "s", ScriptedVerifier(scores)
    first, second = Interrupted(script), ScriptedModel(script)
    first.after = after
    first.run = asyncio.ensure_future(solve(context(first, mark, store=store), policy))
    if after < 16 or strategy == "beam-4":
        with pytest.raises(asyncio.CancelledError):
            await first.run
    else:
        await first.run

    solution = await solve(context(second, mark, store=store), policy)

    assert not set(first.paths) & set(second.paths)
    assert solution == await solve(context(ScriptedModel(script), mark), policy)


async def test_a_decision_stands_when_what_could_not_be_scored_can_be_later(
    tmp_path: Path,
) -> None:
    policy = written(tmp_path, {1: "revisions-4"}, overall="best-of-n")
    first = Interrupted(script)
    first.after = 6
    down, up = Same(None), Same(0.9)
    first.run = asyncio.ensure_future(solve(context(first, down, store=tmp_path / "s"), policy))
    with pytest.raises(asyncio.CancelledError):
        await first.run
    given = context(ScriptedModel(script), up, store=tmp_path / "s")

    solution = await solve(given, policy)

    assert "none of 4 answers was scored" in given.thoughts(solution)["difficulty"].text
    assert len(solution.candidates) == 16


@dataclass
class Same:
    """Gives every answer the same, or could not say."""

    score: float | None
    name: str = "same"

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        return [Verdict(self.score, reason="" if self.score else "down")] * len(candidates)


async def test_a_policy_that_was_changed_is_another_run(tmp_path: Path) -> None:
    question = MathTask("q", "What is 1 + 1?")
    one = await solve(context(), written(tmp_path, {2: "best-of-n"}), question)
    two = await solve(context(), written(tmp_path, {2: "revisions-2"}), question)

    assert one.run != two.run
    assert json.loads((tmp_path / "policy.json").read_text())["schema"] == 1
