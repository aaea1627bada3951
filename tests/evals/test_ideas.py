"""Diversity of ideas, by a scripted judge."""

from pathlib import Path

import pytest

from ponder.errors import ModelRefused, ModelUnavailable
from ponder.evals.diversity import ByIdeas, Measured, measure_run
from ponder.models import Budget, Message, ScriptedModel
from ponder.models.base import Completion
from ponder.tasks import CodeTask, MathTask, Task
from tests.support.runs import run_of

TASKS: list[Task] = [CodeTask("t", "Sort the list."), MathTask("q", "What is 2 + 2?")]


def judge(messages: list[Message], path: str, index: int) -> str:
    """Ideas are the last words of texts; those with the same word are the same."""
    asked = messages[-1]["content"]
    if path.endswith("/idea"):
        return asked.partition("# Solution\n")[2].split("#")[0].split()[-1]
    one, other = (part.split()[0] for part in asked.split("Its idea:\n")[1:])
    return "Yes, they are." if one == other else "No"


async def measured(path: Path, model: ScriptedModel, **options: object) -> Measured:
    return await measure_run(path, ByIdeas(model, **options))  # type: ignore[arg-type]


def run(path: Path, *texts: str) -> Path:
    return run_of(path, TASKS[:1], {"t": texts})


async def test_pairs_are_similar_where_the_judge_says_yes(tmp_path: Path) -> None:
    path = run(tmp_path, "one greedy", "two greedy", "three search", "four search")
    model = ScriptedModel(judge)

    (row,) = (await measured(path, model)).rows

    assert (row.samples, row.pairs, row.similar) == (4, 6, 2)
    assert row.value == pytest.approx((2 - 1) * 2 / (2 * 2 - 1))
    assert row.usage.calls == len(model.calls) == 4 + 6


async def test_it_asks_greedily_about_code_and_about_questions(tmp_path: Path) -> None:
    path = run_of(tmp_path, TASKS, {"t": ["a x", "b y"], "q": ["c x", "d y"]})
    model = ScriptedModel(judge)

    await measured(path, model)

    assert {call.parameters["temperature"] for call in model.calls} == {0.0}
    asked = {call.path: call.messages[-1]["content"] for call in model.calls}
    assert "Sort the list." in asked["t/s1/idea"]
    assert "What is 2 + 2?" in asked["q/s2/idea"]
    assert {"a x", "b y"} <= set(
        asked[next(p for p in asked if p.startswith("t/s") and "|" in p)].splitlines()
    )


async def test_forty_samples_are_compared_and_as_many_pairs_as_asked(
    tmp_path: Path,
) -> None:
    path = run(tmp_path, *(f"{i} idea{i}" for i in range(50)))
    model = ScriptedModel(judge)

    (row,) = (await measured(path, model, pairs=30)).rows

    assert (row.samples, row.pairs, row.similar) == (40, 30, 0)
    assert len(set(model.paths)) == 40 + 30


async def test_equal_texts_are_similar_without_asking(tmp_path: Path) -> None:
    model = ScriptedModel(judge)

    (row,) = (await measured(run(tmp_path, "a x", "a x", "b y"), model)).rows

    assert (row.pairs, row.similar) == (3, 1)
    assert len(model.calls) == 2 + 2


async def test_summaries_that_fail_are_replaced(tmp_path: Path) -> None:
    def refuses(messages: list[Message], path: str, index: int) -> str:
        if path.endswith("/idea") and "bad" in messages[-1]["content"]:
            raise ModelRefused("no")
        return judge(messages, path, index)

    path = run(tmp_path, *(f"{i} {'bad' if i % 2 else 'good'}" for i in range(12)))

    (row,) = (await measured(path, ScriptedModel(refuses), most=4)).rows

    assert (row.samples, row.pairs, row.similar) == (4, 6, 6)
    assert row.left_out > 0


async def test_what_the_judge_gives_no_answer_on_is_no_pair_and_is_asked_again(
    tmp_path: Path,
) -> None:
    def cut_off(messages: list[Message], path: str, index: int) -> str | Completion:
        said = judge(messages, path, index)
        return Completion(said, "length") if path.endswith("s1|s2/same") else said

    path = run(tmp_path, "a x", "b x", "c y")
    order = ScriptedModel(judge)

    (first,) = (await measured(path, ScriptedModel(cut_off))).rows
    (second,) = (await measured(path, order)).rows

    assert first.pairs + first.unjudged == 3
    assert (second.pairs, second.similar, second.unjudged) == (3, 1, 0)
    assert len(order.calls) == first.unjudged


async def test_what_was_paid_is_not_paid_again(tmp_path: Path) -> None:
    path = run(tmp_path, "a x", "b y", "c x")
    first, second = ScriptedModel(judge), ScriptedModel(judge)

    whole = await measured(path, first)
    (path / "diversity.jsonl").unlink()
    again = await measured(path, second)

    assert again == whole
    assert second.calls == []


async def test_a_larger_budget_goes_on_where_a_smaller_one_ended(tmp_path: Path) -> None:
    path = run(tmp_path, "a x", "b y", "c x")
    first, second = ScriptedModel(judge), ScriptedModel(judge)

    short = await measured(path, first, budget=Budget(calls=4))
    whole = await measured(path, second, budget=Budget(calls=6))

    assert short.stopped is not None
    assert "calls=4" in short.stopped
    assert (short.rows, whole.stopped) == ([], None)
    assert len(first.calls) + len(second.calls) == 6


async def test_a_judge_that_never_answers_ends_it(tmp_path: Path) -> None:
    def down(messages: list[Message], path: str, index: int) -> str:
        raise ModelUnavailable("503")

    tasks = [CodeTask(f"t{i}", "Sort.") for i in range(9)]
    path = run_of(tmp_path, tasks, {task.id: ["a x", "b y"] for task in tasks})
    model = ScriptedModel(down)

    with pytest.raises(ModelUnavailable, match="503"):
        await measured(path, model)

    assert not (path / "diversity.jsonl").read_text()
