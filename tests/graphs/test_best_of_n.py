"""Best-of-n, majority and self-consistency; and searches by score that are stopped and go on."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.graphs import Graph, beam_search, best_of_n, dvts, majority, self_consistency
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import MathTask
from ponder.verifiers import ScriptedVerifier
from tests.support.plans import TASK
from tests.support.plans import script as programs
from tests.support.steps import QUESTION, scores, script

ANSWERS = ["3", "2", "2", "7", "7", "7", None, "2"]
MARKS = [0.5, 0.4, 0.4, 0.1, 0.2, 0.3, 0.9, 0.0]


def answers(messages: list[Message], path: str, index: int) -> str:
    number = int(path.partition("/")[0].removeprefix("s"))
    final = ANSWERS[number - 1]
    return f"Answer {number}." + (f"\n\nSo \\boxed{{{final}}}" if final else "")


def marks(task: Any, steps: Sequence[str]) -> list[float]:
    number = int(steps[0].removeprefix("Answer ").removesuffix("."))
    return [MARKS[number - 1]] * len(steps)


def context(model: Any = None, verifier: Any = None, **rest: Any) -> Context:
    sandbox = ScriptedSandbox(lambda program, given: 2 * given[0])
    return Context(
        model=model or ScriptedModel(answers), verifier=verifier, sandbox=sandbox, **rest
    )


async def solve(graph: Graph, given: Context, task: Any = QUESTION) -> Solution:
    solution: Solution = (await graph.ainvoke({"task": task}, context=given))["solution"]
    return solution


@pytest.mark.parametrize(("way", "chosen", "final"), [
    ("best", "s1/answer", "3"),
    ("weighted", "s2/answer", "2"),
    ("majority", "s2/answer", "2"),
])  # fmt: skip
async def test_each_way_chooses_by_its_own_rule(way: str, chosen: str, final: str) -> None:
    given = context(verifier=ScriptedVerifier(marks))

    solution = await solve(best_of_n(samples=8, choose=way), given)

    assert (solution.chosen, solution.final) == (chosen, final)


async def test_one_set_of_samples_serves_every_n() -> None:
    given = context(verifier=ScriptedVerifier(marks))

    solution = await solve(best_of_n(samples=8), given)

    ids = {way: {n: id.partition("/")[0] for n, id in chosen.items()}
           for way, chosen in solution.selections.items()}  # fmt: skip
    assert ids == {
        "best": {1: "s1", 2: "s1", 4: "s1", 8: "s1"},
        "weighted": {1: "s1", 2: "s1", 4: "s2", 8: "s2"},
        "majority": {1: "s1", 2: "s1", 4: "s2", 8: "s2"},
    }


async def test_majority_asks_no_verifier() -> None:
    verifier = ScriptedVerifier(marks)

    for graph in (majority(samples=8), self_consistency(samples=8)):
        solution = await solve(graph, context(verifier=verifier))
        assert solution.final == "2"

    assert not verifier.asked


async def test_a_question_without_a_verifier_is_refused_before_anything_is_paid_for() -> None:
    model = ScriptedModel(answers)

    with pytest.raises(InputError, match="prm:PATH or judge:MODEL"):
        await solve(best_of_n(samples=8), context(model))

    assert not model.calls


async def test_programs_are_chosen_by_their_tests_and_by_what_they_compute() -> None:
    given = context(ScriptedModel(programs()))

    for graph in (best_of_n(samples=4), majority(samples=4)):
        solution = await solve(graph, given, TASK)
        assert solution.chosen == "s1/code"

    assert solution.final is None


async def test_one_program_that_passes_is_chosen_over_any_number_that_nearly_do() -> None:
    def numbered(messages: list[Message], path: str, index: int) -> str:
        code = "return 2 * x" if path == "s4/code" else "return 2"
        return f"```python\ndef solve(x):\n    {code}\n```"

    sandbox = ScriptedSandbox(lambda program, given: 2 * given[0] if "2 * x" in program.code else 2)
    given = Context(model=ScriptedModel(numbered), sandbox=sandbox)

    solution = await solve(best_of_n(samples=6), given, TASK)

    assert solution.chosen == "s4/code"
    assert solution.selections["weighted"] == {1: "s1/code", 2: "s1/code", 4: "s4/code"}


class Interrupted(ScriptedModel):
    """Cancels the whole run at its n-th call."""

    after: int = 20
    run: asyncio.Task[Any]

    async def extend(self, *args: Any, **rest: Any) -> Any:
        if len(self.calls) >= self.after:
            self.run.cancel()
            await asyncio.sleep(10)
        return await super().extend(*args, **rest)


@pytest.mark.parametrize("build", [beam_search, dvts])
@pytest.mark.parametrize("after", [0, 5, 20])
async def test_an_interrupted_search_goes_on_and_asks_and_judges_nothing_twice(
    tmp_path: Path, build: Any, after: int
) -> None:
    graph = build(samples=8, width=4, lookahead=1)
    first, second = Interrupted(script), ScriptedModel(script)
    judges = ScriptedVerifier(scores), ScriptedVerifier(scores)
    first.after = after
    first.run = asyncio.ensure_future(solve(graph, context(first, judges[0], store=tmp_path / "s")))
    with pytest.raises(asyncio.CancelledError):
        await first.run

    solution = await solve(graph, context(second, judges[1], store=tmp_path / "s"))

    assert not set(first.paths) & set(second.paths)
    asked = [{one.steps for one in judge.asked} for judge in judges]
    assert not asked[0] & asked[1]
    assert solution == await solve(graph, context(ScriptedModel(script), ScriptedVerifier(scores)))


def broken(*_: Any) -> str:
    raise AssertionError("it was asked again")


async def test_a_finished_search_replays_without_model_or_verifier(tmp_path: Path) -> None:
    graph = beam_search(samples=8)
    online = context(ScriptedModel(script), ScriptedVerifier(scores), store=tmp_path / "s")
    once = await solve(graph, online)

    offline = context(ScriptedModel(broken), ScriptedVerifier(broken), store=tmp_path / "s")
    again = await solve(graph, offline)

    assert again == once


async def test_a_task_that_says_nothing_has_no_answer() -> None:
    silent = ScriptedModel(lambda messages, path, index: " ")

    solution = await solve(majority(samples=3), context(silent), MathTask("q", "?"))

    assert solution.answer is None
    assert "unreadable" in solution.verdict.reason
