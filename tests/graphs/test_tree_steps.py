"""Beam search over steps as models really write them: blank lines, other separators, ties."""

from collections.abc import Sequence
from typing import Any

import pytest

from ponder.graphs import Graph, beam_search, lookahead_search
from ponder.models import Completion, Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import Task
from ponder.verifiers import ScriptedVerifier
from tests.support.steps import QUESTION, scores


def context(model: ScriptedModel, verifier: ScriptedVerifier) -> Context:
    sandbox = ScriptedSandbox(lambda program, given: None)
    return Context(model=model, verifier=verifier, sandbox=sandbox)


async def solve(graph: Graph, given: Context) -> Solution:
    solution: Solution = (await graph.ainvoke({"task": QUESTION}, context=given))["solution"]
    return solution


def writing(text: str) -> ScriptedModel:
    """A model that writes this text, going on from wherever it is."""

    def script(messages: list[Message], path: str, index: int) -> str:
        begun = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
        assert text.startswith(begun), "what it is given to go on with is what it wrote"
        return text[len(begun) :]

    return ScriptedModel(script)


WRITTEN = [
    ("\n\nFirst.\n\nSo \\boxed{2}", "\n\n", ["First.", "So \\boxed{2}"]),
    ("First.\n\nSecond.\n\n\nSo \\boxed{2}\n", "\n", ["First.", "Second.", "So \\boxed{2}"]),
    ("Step 1: a.\nStep 2: \\boxed{2}", "Step", ["1: a.", "2: \\boxed{2}"]),
]


@pytest.mark.parametrize(("text", "separator", "steps"), WRITTEN)
async def test_blank_lines_and_other_separators_end_no_branch(
    text: str, separator: str, steps: list[str]
) -> None:
    verifier = ScriptedVerifier(scores)
    given = context(writing(text), verifier)

    solution = await solve(beam_search(samples=2, width=2, separator=separator), given)

    assert solution.answer == text.strip(), "the answer is what the model wrote"
    assert solution.final == "2"
    assert list(verifier.asked[-1].steps) == steps
    assert solution.faults == {}


async def test_a_model_that_writes_blank_lines_alone_ends() -> None:
    model = ScriptedModel(lambda messages, path, index: "\n\nagain")

    solution = await solve(
        beam_search(samples=1, width=1), context(model, ScriptedVerifier(scores))
    )

    assert solution.faults == {"empty": 1}
    assert len(model.paths) == 4


def told_apart(messages: list[Message], path: str, index: int) -> str:
    """The first and the third sample say the same."""
    return "So \\boxed{2}" if "/" in path else f"{'aba'[int(path[1:]) - 1]}.\n\n"


async def test_of_equal_scores_the_earlier_wins_also_among_what_is_distinct() -> None:
    given = context(
        ScriptedModel(told_apart), ScriptedVerifier(lambda task, steps: [0.5] * len(steps))
    )

    solution = await solve(beam_search(samples=3, width=3, distinct=True), given)

    assert {candidate.id.partition("/")[0] for candidate in solution.candidates} == {"s1"}


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
async def test_a_score_that_is_no_number_ranks_behind_all_others(odd: float) -> None:
    def script(task: Task, steps: Sequence[str]) -> list[float]:
        return [odd if steps[0] == "a." else 0.1] * len(steps)

    given = context(ScriptedModel(told_apart), ScriptedVerifier(script))

    solution = await solve(beam_search(samples=3, width=3), given)

    assert {candidate.id.partition("/")[0] for candidate in solution.candidates} == {"s2"}


async def test_a_rollout_that_is_cut_off_is_not_asked_for_again() -> None:
    def script(messages: list[Message], path: str, index: int) -> Any:
        if "look" in path:
            return Completion("on and on", "length")
        return "So \\boxed{2}" if "/" in path else "a.\n\n"

    model = ScriptedModel(script)

    solution = await solve(
        lookahead_search(samples=2, width=2, lookahead=2), context(model, ScriptedVerifier(scores))
    )

    assert [path for path in model.paths if "look" in path] == ["s1/look1", "s2/look1"]
    assert solution.final == "2", "a step is judged by how far its rollout came"
