"""What a run asks of its verifier: apart for other settings, within the budget, fault by fault."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, MissingError
from ponder.graphs import Graph, beam_search, best_of_n
from ponder.models import Budget, Completion, Message, ScriptedModel, Usage
from ponder.nodes import Context, Run, Solution, Thought
from ponder.sandboxes import ScriptedSandbox
from ponder.verifiers import Aggregate, JudgeModel, ScriptedVerifier, Verdict
from tests.support.steps import QUESTION, scores, script


def context(model: Any = None, **rest: Any) -> Context:
    sandbox = ScriptedSandbox(lambda program, given: None)
    return Context(model=model or ScriptedModel(script), sandbox=sandbox, **rest)


async def solve(graph: Graph, given: Context) -> Solution:
    solution: Solution = (await graph.ainvoke({"task": QUESTION}, context=given))["solution"]
    return solution


class Paid:
    """A model that says Yes, at a price."""

    name, supports_schema = "paid", False

    def __init__(self, usage: Usage, price: float | None = 0.0) -> None:
        self.usage, self.unit = usage, price

    async def ready(self) -> None:
        """See `Model.ready`."""

    async def chat(self, messages: list[Message], *, path: str, **asked: Any) -> list[Completion]:
        """See `Model.chat`."""
        return [Completion("Verdict: Yes", usage=self.usage)]

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """See `Model.price`."""
        return self.unit


def judging(usage: Usage, price: float | None = 0.0, **settings: Any) -> JudgeModel:
    return JudgeModel(Paid(usage, price), by="solution", **settings)


def run_of(given: Context) -> Run:
    """A run with two answers to judge."""
    run = given.open(Run.begin(QUESTION, "answers", given))
    for id in "ab":
        run.record(Thought(id, "answer", f"{id}, so \\boxed{{2}}"))
    return run


async def test_verifiers_with_other_settings_are_other_runs(tmp_path: Path) -> None:
    keys = []
    for settings in ({"n": 1}, {"aggregate": "last"}, {"n": 2}, {"n": 1}):
        verifier = judging(Usage(1), **settings)
        with context(verifier=verifier, store=tmp_path / "store.sqlite") as given:
            keys.append((await solve(best_of_n(samples=2), given)).run)

    assert len(set(keys)) == 3
    assert keys[0] == keys[3], "the same again is the same run"


async def test_a_verdict_of_one_set_of_settings_is_not_anothers(tmp_path: Path) -> None:
    found = []
    ways: list[Aggregate] = ["last", "min"]
    for way in ways:
        verifier = ScriptedVerifier(lambda task, steps: [0.1, 0.9], aggregate=way)
        model = ScriptedModel(lambda messages, path, index: "First.\n\nSo \\boxed{2}")
        with context(model, verifier=verifier, store=tmp_path / "store.sqlite") as given:
            found.append((await solve(best_of_n(samples=1), given)).verdict.score)

    assert found == [0.9, 0.1]


@pytest.mark.parametrize(
    ("budget", "spent"),
    [(Budget(tokens=2_000), "tokens=2000"), (Budget(usd=0.5), "usd=0.5"), (Budget(calls=1), None)],
)
async def test_a_judge_model_is_asked_only_while_the_budget_lasts(
    budget: Budget, spent: str | None
) -> None:
    run = run_of(context(verifier=judging(Usage(1, 1_500, 500, cost=0.6)), budget=budget))

    first, second = await run.judge("a"), await run.judge("b")

    assert first.verdict is not None
    assert second.verdict is not None
    assert first.verdict.score == 1
    assert second.verdict.score == (None if spent else 1)
    assert second.verdict.reason.endswith(spent or "Yes")


async def test_what_judges_for_nothing_judges_whatever_was_paid_for() -> None:
    run = run_of(context(verifier=ScriptedVerifier(scores), budget=Budget(tokens=10)))

    judged = await run.judge("a")

    assert judged.verdict is not None
    assert judged.verdict.score is not None


def test_dollars_need_the_price_of_whoever_judges() -> None:
    with pytest.raises(InputError, match="the price of judge:paid is not known"):
        context(verifier=judging(Usage(), price=None), budget=Budget(usd=1))


async def test_a_judge_that_lacks_something_is_found_out_before_anything_is_paid_for() -> None:
    class Keyless(Paid):
        async def ready(self) -> None:
            raise MissingError("set A_KEY in the environment")

    model = ScriptedModel(script)
    given = context(model, verifier=JudgeModel(Keyless(Usage())))

    with pytest.raises(MissingError, match="A_KEY"):
        await solve(best_of_n(samples=2), given)

    assert not model.calls


def moody(task: Any, steps: Sequence[str]) -> list[float]:
    if int("".join(filter(str.isdigit, steps[0]))) % 2:
        raise RuntimeError("cuda out of memory")
    return scores(task, steps)


class Miscounting(ScriptedVerifier):
    """Loses its last verdict."""

    async def judge_steps(self, task: Any, solutions: Any) -> list[Verdict]:
        return (await super().judge_steps(task, solutions))[:-1]


async def test_what_makes_a_verifier_raise_costs_its_own_verdict_alone() -> None:
    given = context(verifier=ScriptedVerifier(moody))

    solution = await solve(beam_search(samples=8, width=4, rounds=1), given)

    judged = [candidate.verdict.score is not None for candidate in solution.candidates]
    assert 0 < sum(judged) < 8
    assert solution.verdict.score is not None


async def test_a_verifier_that_loses_verdicts_ends_no_search() -> None:
    given = context(verifier=Miscounting(scores))

    solution = await solve(beam_search(samples=4, width=2, rounds=2), given)

    assert solution.final is not None
    assert "0 verdicts for 1 answers" in solution.verdict.reason
