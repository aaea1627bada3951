"""Rollouts from every step: what is asked, what is not, and how often."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, ModelUnavailable
from ponder.graphs import rollouts
from ponder.models import Budget, Completion, LiteLLMModel, Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.nodes.rollout import parts_of
from ponder.sandboxes import ScriptedSandbox
from tests.support.plans import TASK
from tests.support.rollouts import STEPS, chain, serving_chains
from tests.support.server import serving
from tests.support.steps import QUESTION


def context(model: Any = None, **rest: Any) -> Context:
    return Context(
        model or ScriptedModel(chain), sandbox=ScriptedSandbox(lambda program, given: None), **rest
    )


async def solve(given: Context, task: Any = QUESTION, **options: Any) -> Solution:
    graph = rollouts(**{"samples": 3, "rollouts": 2, **options})
    solution: Solution = (await graph.ainvoke({"task": task}, context=given))["solution"]
    return solution


async def test_answers_steps_and_rollouts_are_thoughts_at_their_places() -> None:
    given = context()

    solution = await solve(given)

    thoughts = given.thoughts(solution)
    kinds = [thought.kind for thought in thoughts.values()]
    assert [kinds.count(kind) for kind in ("answer", "step", "rollout")] == [
        3,
        3 * STEPS,
        3 * (STEPS - 1) * 2,
    ]
    assert thoughts["s3/2/r2"].parents == ("s3/2",)
    assert thoughts["s3/2"].parents == ("s3",)
    assert "s3/4/r1" not in thoughts, "nothing follows the last step"
    assert [one.id for one in solution.candidates] == ["s1", "s2", "s3"]
    assert solution.usage.calls == 3 + 3 * (STEPS - 1) * 2


async def test_a_rollout_goes_on_from_what_the_model_wrote_up_to_the_end_of_its_step() -> None:
    model = ScriptedModel(chain)
    given = context(model)

    solution = await solve(given)

    answer = given.thoughts(solution)["s2"].text
    [asked] = [call for call in model.calls if call.path == "s2/2/r1"]
    assert asked.messages[-1] == {
        "role": "assistant",
        "content": "\n\n".join(answer.split("\n\n")[:2]) + "\n\n",
    }
    assert asked.parameters["stop"] == ()


def test_blank_lines_are_no_steps_and_a_prefix_is_what_was_written() -> None:
    parts = parts_of("\n\nOne. \n\n\n\nTwo.", "\n\n")

    assert [part.text for part in parts] == ["One.", "Two."]
    assert [part.prefix for part in parts] == ["\n\nOne. \n\n", "\n\nOne. \n\n\n\nTwo.\n\n"]


async def test_nothing_is_paid_for_the_steps_of_what_has_no_final_answer() -> None:
    def script(messages: list[Message], path: str, index: int) -> Any:
        answers = {"s1": "One.\n\nTwo.", "s2": Completion("One.\n\n\\boxed{2}", "length")}
        return answers.get(path, "One.\n\n\\boxed{2}")

    model = ScriptedModel(script)
    given = context(model)

    solution = await solve(given)

    assert sorted(model.paths) == ["s1", "s2", "s3", "s3/1/r1", "s3/1/r2"]
    assert [one.id for one in solution.candidates] == ["s1", "s3"], "a whole answer is a sample"
    assert given.thoughts(solution)["s2"].failure == "truncated: cut off after 0 tokens"


async def test_no_sample_waits_for_another() -> None:
    waits = {"s1": 0.3}
    model = ScriptedModel(chain, latency=lambda path: waits.get(path, 0.0))

    await solve(context(model))

    assert model.paths.index("s1") == 2 + 2 * (STEPS - 1) * 2


@pytest.mark.parametrize("slow", ["s1/1/r1", "s1/3/r16"])
async def test_no_rollout_waits_for_another(slow: str) -> None:
    model = ScriptedModel(chain, latency=lambda path: 0.3 if path == slow else 0.0)

    await solve(context(model), samples=2, rollouts=16)

    assert len(model.paths) == 2 + 2 * (STEPS - 1) * 16
    assert model.paths[-1] == slow


async def test_rollouts_of_one_prefix_are_one_request_where_the_model_takes_several() -> None:
    asked: list[tuple[str, int]] = []

    class Counting(ScriptedModel):
        async def extend(self, *args: Any, path: str, n: int = 1, **rest: Any) -> Any:
            asked.append((path, n))
            return await super().extend(*args, path=path, n=n, **rest)

    given = context(Counting(chain, several=True))

    solution = await solve(given, samples=1, rollouts=16)

    assert sorted(asked) == [("s1", 1), ("s1/1/r1", 16), ("s1/2/r1", 16), ("s1/3/r1", 16)]
    texts = {thought.text for thought in given.thoughts(solution).values()}
    assert len(texts) > 8, "each rollout has a reply of its own"


async def test_what_a_server_gives_too_few_of_is_asked_for_alone() -> None:
    class Stingy(ScriptedModel):
        async def extend(self, *args: Any, n: int = 1, **rest: Any) -> Any:
            return (await super().extend(*args, n=n, **rest))[: max(1, n - 2)]

    model = Stingy(chain, several=True)
    given = context(model)

    solution = await solve(given, samples=1, rollouts=8)

    assert {"s1/1/r7", "s1/1/r8"} <= set(model.paths)
    assert solution.faults == {}
    assert sum("/r" in id for id in given.thoughts(solution)) == (STEPS - 1) * 8


async def test_vllm_is_asked_for_all_of_a_prefix_once_it_has_shown_what_it_is() -> None:
    async with serving(serving_chains) as server:
        given = context(LiteLLMModel("hosted_vllm/x", api_base=server.url))
        solution = await solve(given, samples=4, rollouts=16)

    asked = [body for body in server.bodies if "seed" in body]  # the others are about its template
    rolled = [body for body in asked if body["messages"][-1]["role"] == "assistant"]
    together = [body["n"] for body in rolled if body.get("n", 1) > 1]
    assert sorted(together) == [15, *[16] * (4 * (STEPS - 1) - 1)]
    assert len(rolled) == len(together) + 1, "it shows it by its answer to one of the first"
    assert len([id for id in given.thoughts(solution) if "/r" in id]) == 4 * (STEPS - 1) * 16


async def test_a_run_that_is_started_again_asks_for_what_it_lacks_alone(tmp_path: Path) -> None:
    def fails(messages: list[Message], path: str, index: int) -> Any:
        if path in ("s1/2/r2", "s1/2/r3"):
            return ModelUnavailable("503: overloaded")
        if path == "s1/1/r1":
            return Completion("on and on", "length")
        return chain(messages, path, index)

    store = tmp_path / "store.sqlite"
    with context(ScriptedModel(fails), store=store) as given:
        first = await solve(given, samples=1, rollouts=4)
    model = ScriptedModel(chain)
    with context(model, store=store) as given:
        second = await solve(given, samples=1, rollouts=4)
        thoughts = given.thoughts(second)

    assert first.faults == {"503": 2, "truncated": 1}
    assert sorted(model.paths) == ["s1/2/r2", "s1/2/r3"]
    assert second.faults == {"truncated": 1}, "what is cut off is a sample, and no other is drawn"
    assert thoughts["s1/2/r2"].failure is None


async def test_a_spent_budget_leaves_rollouts_out_and_says_so() -> None:
    given = context(budget=Budget(calls=8))

    solution = await solve(given, rollouts=8)

    assert solution.stopped == "budget spent: calls=8"
    assert solution.usage.calls == 8


async def test_it_is_for_questions_and_for_models_that_go_on_with_replies() -> None:
    class Chatting:
        name, supports_schema = "chatting", False

        async def ready(self) -> None: ...

        async def chat(self, *args: Any, **rest: Any) -> Any:
            await asyncio.sleep(0)

        def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
            return 0.0

    with pytest.raises(InputError, match="rollouts writes answers to questions, not programs"):
        await solve(context(), task=TASK)
    with pytest.raises(InputError, match="rollouts needs one that writes by steps"):
        await solve(context(Chatting()))
    with pytest.raises(InputError, match="temperature"):
        rollouts(temperature=0)
