"""From rollouts to rows: what counts, and what is left out and why."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, ModelRefused, ModelRejected, ModelUnavailable
from ponder.evals.folder import read_results
from ponder.evals.labelling import Value, refuse_unfit, summarise_labels
from ponder.evals.runner import evaluate
from ponder.models import Budget, Completion, Message, ScriptedModel, Step, Usage
from ponder.tasks import AnswerKey, LoadedTask, MathTask
from ponder.training import read_examples
from tests.support.evaluations import task
from tests.support.rollouts import arm, chain, label, question, results


def replies(**said: Any) -> ScriptedModel:
    """An answer of two steps, and what is said at some places."""

    def script(messages: list[Message], path: str, index: int) -> Any:
        return said.get(
            path.replace("/", "_"), "So \\boxed{2}" if "/" in path else "One.\n\n\\boxed{2}"
        )

    return ScriptedModel(script)


CUT_OFF = Completion("on and on", "length")


@pytest.mark.parametrize("changed", ["question", "answer"])
async def test_labels_of_a_question_that_was_changed_are_not_kept(
    tmp_path: Path, changed: str
) -> None:
    await label(tmp_path / "out", samples=1, rollouts=0)
    loaded, one = question(0), arm(tmp_path / "out", samples=1, rollouts=0)
    assert loaded.key is not None
    other = (
        replace(loaded, task=replace(loaded.task, question="What else?"))
        if changed == "question"
        else replace(loaded, key=replace(loaded.key, answer="3"))
    )

    try:
        await evaluate([loaded], [one])
        with pytest.raises(InputError, match="task q/0 asked something else, or had another gold"):
            await evaluate([other], [one])
    finally:
        one.context.close()
        one.folder.close()


async def test_without_rollouts_answers_are_graded_alone(tmp_path: Path) -> None:
    model = replies()

    [row] = await label(tmp_path / "out", model, samples=1, rollouts=0)

    assert row["labels"] == [None, 1.0]
    assert (row["answer"], row["correct"], row["rollouts"]) == ("2", True, [0, 0])
    assert len(model.calls) == 1


async def test_a_row_is_what_reward_models_are_fitted_to(tmp_path: Path) -> None:
    model = replies(s1_1_r1="So \\boxed{3}")

    [row] = await label(tmp_path / "out", model, samples=1, rollouts=4)

    assert row == {
        "prompt": "What is 0?",
        "completions": ["One.", "\\boxed{2}"],
        "labels": [0.75, 1.0],
        "answer": "2",
        "correct": True,
        "id": "q/0",
        "sample": "s1",
        "rollouts": [4, 0],
        "right": [3, 0],
    }
    [example] = read_examples(tmp_path / "out/labels.jsonl", need="labels")
    assert example.labels == (0.75, 1.0)


async def test_every_field_of_a_row_is_described_in_its_order(tmp_path: Path) -> None:
    [row] = await label(tmp_path / "out", replies(), samples=1)

    page = (Path(__file__).parents[3] / "docs/labelling.md").read_text()
    table = page[page.index("| field |") :].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == list(row)


async def test_an_answer_with_a_step_alone_has_its_own_grade(tmp_path: Path) -> None:
    [row] = await label(tmp_path / "out", replies(s1="So \\boxed{7}"), samples=1)

    assert (row["labels"], row["rollouts"], row["correct"]) == ([0.0], [0], False)


@pytest.mark.parametrize(("unfinished", "rollouts", "value"), [("wrong", 4, 0.5), ("out", 2, 1.0)])
async def test_what_has_no_final_answer_is_wrong_or_left_out(
    tmp_path: Path, unfinished: str, rollouts: int, value: float
) -> None:
    model = replies(s1_1_r1=CUT_OFF, s1_1_r2="and so on")

    [row] = await label(tmp_path / "out", model, samples=1, rollouts=4, unfinished=unfinished)

    assert (row["rollouts"][0], row["labels"][0]) == (rollouts, value)


async def test_a_rollout_that_was_refused_or_failed_says_nothing(tmp_path: Path) -> None:
    model = replies(s1_1_r1=ModelRefused("refused: no"), s1_1_r2=ModelUnavailable("503: no"))

    [row] = await label(tmp_path / "out", model, samples=1, rollouts=4)

    assert (row["rollouts"][0], row["labels"][0]) == (2, 1.0)


def test_a_hard_label_is_whether_any_rollout_is_right() -> None:
    values = [Value(0, 16), Value(1, 16), Value(16, 16), Value(0, 0)]

    assert [value.label("hard") for value in values] == [0.0, 1.0, 1.0, None]
    assert [value.label("soft") for value in values] == [0.0, 1 / 16, 1.0, None]


async def test_solutions_without_a_row_are_counted_by_why(tmp_path: Path) -> None:
    model = replies(s1="One.", s2=CUT_OFF, s3=ModelRefused("refused: no"))

    rows = await label(tmp_path / "out", model, samples=4)

    assert [row["sample"] for row in rows] == ["s4"]
    left_out = {"no final answer": 1, "refused": 1, "truncated": 1}
    assert results(tmp_path / "out")["q/0"].left_out == left_out
    assert summarise_labels(tmp_path / "out").left_out == left_out


async def test_what_nobody_can_compare_is_null_and_no_zero(tmp_path: Path) -> None:
    long = "\\boxed{" + "x+" * 50_000 + "1}"
    model = replies(s1=f"One.\n\n{long}", s2="\\boxed{2}", s1_1_r1=long)

    rows = await label(tmp_path / "out", model, samples=2, rollouts=2)

    first = next(row for row in rows if row["sample"] == "s1")
    assert (first["labels"], first["rollouts"]) == ([1.0, None], [1, 0])
    assert "correct" not in first


async def test_a_spent_budget_leaves_steps_unlabelled(tmp_path: Path) -> None:
    rows = await label(
        tmp_path / "out", ScriptedModel(chain), samples=1, rollouts=2, budget=Budget(calls=3)
    )

    assert rows[0]["rollouts"] == [2, 0, 0, 0]
    assert [label is None for label in rows[0]["labels"]] == [False, True, True, False]


async def test_what_a_budget_cuts_off_is_not_wrong(tmp_path: Path) -> None:
    class Wordy(ScriptedModel):
        async def extend(self, *args: Any, **rest: Any) -> Any:
            if rest["max_tokens"] == 512:
                return await super().extend(*args, **rest)
            return [Step("on and on", "length", Usage(1, 10, rest["max_tokens"]))]

    [row] = await label(
        tmp_path / "out", Wordy(replies().script), samples=1, rollouts=4, budget=Budget(tokens=800)
    )

    assert row["right"][0] == row["rollouts"][0] > 0
    assert set(results(tmp_path / "out")["q/0"].faults) == {"budget spent"}


async def test_a_question_whose_step_nobody_answered_is_tried_again(tmp_path: Path) -> None:
    down = {f"s1_1_r{n}": ModelUnavailable("503: no") for n in (1, 2)}

    assert await label(tmp_path / "out", replies(**down), samples=1, rollouts=2) == []
    [failed] = read_results(tmp_path / "out")
    again = replies()
    [row] = await label(tmp_path / "out", again, samples=1, rollouts=2)

    assert failed.error == "503: no"
    assert row["labels"] == [1.0, 1.0]
    assert sorted(again.paths) == ["s1/1/r1", "s1/1/r2"], "it pays for what it lacks alone"


async def test_a_model_that_never_goes_on_labels_nothing(tmp_path: Path) -> None:
    def script(messages: list[Message], path: str, index: int) -> Any:
        return ModelRejected("no steps: it begins anew") if "/" in path else "One.\n\n\\boxed{2}"

    assert await label(tmp_path / "out", ScriptedModel(script)) == []
    assert [one.error for one in read_results(tmp_path / "out")] == ["no steps: it begins anew"]


async def test_a_step_that_a_model_cannot_go_on_from_has_no_label(tmp_path: Path) -> None:
    def script(messages: list[Message], path: str, index: int) -> Any:
        full = ModelRejected("400: the context is full")
        return full if path.startswith("s1/3/") else chain(messages, path, index)

    [row] = await label(tmp_path / "out", ScriptedModel(script), samples=1)

    assert [label is None for label in row["labels"]] == [False, False, True, False]


async def test_a_folder_goes_on_by_the_same_rules_alone(tmp_path: Path) -> None:
    await label(tmp_path / "out", samples=1, rollouts=2)

    with pytest.raises(InputError, match=r"holds a run with labels \{\}, not .*hard"):
        await label(tmp_path / "out", samples=1, rollouts=2, labels="hard")


def test_what_cannot_be_labelled_is_refused_before_anything_is_paid() -> None:
    unanswered = LoadedTask[Any, Any](MathTask("q", "Why?"))

    assert refuse_unfit([question(1), question(2)]) == 2
    with pytest.raises(InputError, match="task times/1: it asks for a program"):
        refuse_unfit([question(1), task(1)])
    with pytest.raises(InputError, match="task q: it has no gold answer"):
        refuse_unfit([unanswered])
    with pytest.raises(InputError, match="there is no question"):
        refuse_unfit([])
    assert isinstance(question(1).key, AnswerKey)
