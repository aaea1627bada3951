"""Sequential revisions: chains of answers to a question, and what is chosen from them."""

from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.graphs import propose_verify_refine, sqlite_checkpointer
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context
from ponder.tasks import AnswerKey
from ponder.verifiers import AnswerGrade, ScriptedVerifier, Verdict
from tests.support.chains import places, solve
from tests.support.steps import QUESTION

CHAINS = {
    "c1/answer": ("10", 0.4), "c1/r2": ("10", 0.4), "c1/r3": ("20", 0.7),
    "c2/answer": ("20", 0.8), "c2/r2": ("20", 0.3), "c2/r3": ("30", 0.75),
    "c3/answer": ("30", 0.9), "c3/r2": ("20", 0.2), "c3/r3": ("20", 0.3),
    "c4/answer": ("40", 0.5), "c4/r2": ("10", 0.55), "c4/r3": ("40", 0.04),
}  # fmt: skip
"""Final answers and their scores."""


def says(messages: list[Message], path: str, index: int) -> str:
    return f"{path}\n\nSo \\boxed{{{CHAINS[path][0]}}}."


def rewards() -> ScriptedVerifier:
    """Scores as above, and a reason with each."""

    def script(task: Any, steps: Any) -> Verdict:
        return Verdict(CHAINS[steps[0]][1], reason=f"seen {steps[0]}")

    return ScriptedVerifier(script)


def marks(*passing: str) -> ScriptedVerifier:
    """Passes those, and fails the others without a score."""
    return ScriptedVerifier(lambda task, steps: Verdict(passed=steps[0] in passing))


def context(verifier: Any = None, store: Path | None = None) -> tuple[Context, ScriptedModel]:
    model = ScriptedModel(says)
    return Context(model=model, verifier=verifier, store=store), model


@pytest.mark.parametrize(
    ("choose", "chosen"),
    [
        # Chains 1 to 4 pick 10 (.4), 20 (.8), 30 (.9) and 10 (.55): 10 has .95.
        ("hierarchical", "c4/r2"),
        ("weighted", "c2/answer"),  # 20 has 2.3 in all
        ("best", "c3/answer"),
        ("majority", "c1/r3"),  # the first of five that say 20
    ],
)
async def test_the_answer_is_the_one_computed_by_hand(choose: str, chosen: str) -> None:
    given, _ = context(rewards())

    solution = await solve(given, QUESTION, chains=4, depth=3, choose=choose)

    assert solution.chosen == chosen
    assert solution.final == CHAINS[chosen][0]
    assert [candidate.id for candidate in solution.candidates] == list(CHAINS)


async def test_without_scores_it_is_the_majority_of_all_answers_of_all_chains() -> None:
    given, _ = context()

    solution = await solve(given, QUESTION, chains=4, depth=3)

    assert (solution.chosen, solution.final) == ("c1/r3", "20")


async def test_an_answer_that_passed_goes_before_those_that_score_or_agree() -> None:
    given, model = context(marks("c3/r2"))

    solution = await solve(given, QUESTION, chains=4, depth=3)

    assert solution.chosen == "c3/r2"
    assert set(model.paths) == set(CHAINS) - {"c3/r3"}


@pytest.mark.parametrize(("feedback", "told"), [(None, 0), (False, 0), (True, 2)])
async def test_the_model_sees_the_answers_and_of_rewards_only_what_it_should(
    feedback: bool | None, told: int
) -> None:
    given, model = context(rewards())

    solution = await solve(given, QUESTION, chains=1, depth=3, feedback=feedback)

    asked = model.calls[-1].messages[-1]["content"]
    assert [asked.count(f"{id}\n\nSo") for id in places(1, 3, "answer")] == [1, 1, 0]
    assert asked.startswith(QUESTION.question)
    assert asked.count("seen c1/") == told
    assert given.thoughts(solution)["c1/r3"].parents == ("c1/answer", "c1/r2")


def faulty() -> ScriptedVerifier:
    """The same scores, but for one answer on which it breaks."""

    def script(task: Any, steps: Any) -> Verdict:
        if steps[0] == "c4/r2":
            raise ConnectionError("down")
        return Verdict(CHAINS[steps[0]][1])

    return ScriptedVerifier(script)


async def test_a_verifier_that_raises_on_one_answer_costs_no_other_its_verdict() -> None:
    given, model = context(faulty())

    solution = await solve(given, QUESTION, chains=4, depth=3)

    assert len(model.calls) == 12
    assert [c.id for c in solution.candidates if c.verdict.score is None] == ["c4/r2"]
    assert solution.chosen == "c3/answer"  # the picks are now 10 (.4), 20 (.8), 30 (.9), 40 (.5)


GOLD = AnswerGrade(AnswerKey(QUESTION.id, "20"))


async def test_a_key_s_reasons_are_refused_as_feedback_before_anything_is_paid() -> None:
    given, model = context(GOLD)

    with pytest.raises(InputError, match="judges by a key"):
        await solve(given, QUESTION, feedback=True)

    assert not model.calls


async def test_a_verifier_with_a_key_may_end_chains_but_is_never_quoted() -> None:
    given, model = context(GOLD)

    solution = await solve(given, QUESTION, chains=4, depth=3, feedback=None)

    assert solution.chosen == "c1/r3"
    assert sorted(model.paths) == sorted(set(CHAINS) - {"c2/r2", "c2/r3", "c3/r3"})
    assert not any("expected" in call.messages[-1]["content"] for call in model.calls)


async def test_judging_is_in_the_account_beside_answers_and_revisions() -> None:
    given, _ = context(ScriptedVerifier(lambda task, steps: [0.5] * len(steps)))

    solution = await solve(given, QUESTION, chains=4, depth=3)

    calls = {kind: usage.calls for kind, usage in solution.usage_by_kind.items()}
    assert calls == {"answer": 4, "revision": 8, "verification": 12}


async def test_a_checkpoint_resumes_from_the_store_as_if_nothing_had_been(tmp_path: Path) -> None:
    config: Any = {"configurable": {"thread_id": "1"}}
    build = propose_verify_refine("paper", chains=4, depth=3).builder
    async with sqlite_checkpointer(tmp_path / "checkpoints") as saver:
        given, _ = context(faulty(), tmp_path / "s")
        graph = build.compile(checkpointer=saver, interrupt_before=["choose"])
        await graph.ainvoke({"task": QUESTION}, config, context=given)

    async with sqlite_checkpointer(tmp_path / "checkpoints") as saver:
        given, model = context(faulty(), tmp_path / "s")
        graph = build.compile(checkpointer=saver)
        solution = (await graph.ainvoke(None, config, context=given))["solution"]

    assert not model.calls
    assert solution == await solve(context(faulty())[0], QUESTION, chains=4, depth=3)
