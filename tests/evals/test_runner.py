"""Many tasks in one process."""

import asyncio
import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError, ModelUnavailable, SandboxError
from ponder.evals.results import Result
from ponder.evals.runner import Arm, evaluate
from ponder.models import Completion, Message, ScriptedModel, Usage
from ponder.sandboxes import Program, ScriptedSandbox
from tests.support.evaluations import Read, arm, close, results, runs, script, task, tasks


async def run(*arms: Arm, count: int = 5, concurrency: int = 8) -> list[Result]:
    told: list[Result] = []
    try:
        await evaluate(tasks(count), arms, concurrency, lambda one, result: told.append(result))
    finally:
        close(arms)
    return told


async def test_every_task_is_thought_about_graded_and_written_once(tmp_path: Path) -> None:
    told = await run(arm(tmp_path / "a"))

    found = results(tmp_path / "a")
    assert sorted(found) == [f"times/{n}" for n in range(1, 6)]
    assert {result.task for result in told} == set(found)
    first = found["times/2"]
    assert [sample.id for sample in first.samples] == ["s1/code", "s2/code", "s3/code"]
    assert [sample.public for sample in first.samples] == [True, True, True]
    assert [sample.passed for sample in first.samples] == [True, False, True]
    assert (first.solved, first.right, first.drawn) == (True, 2, 3)
    assert first.usage.calls == 3
    assert first.thoughts == 3


async def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    await run(arm(tmp_path / "a"), count=3)
    second = ScriptedModel(script)

    told = await run(arm(tmp_path / "a", second), count=5)

    assert {result.task for result in told} == {"times/4", "times/5"}
    assert len(second.calls) == 6
    assert len(results(tmp_path / "a")) == 5


@pytest.mark.parametrize("results_say", [True, False])
async def test_a_task_that_was_changed_has_no_result_of_before(
    tmp_path: Path, results_say: bool
) -> None:
    await run(arm(tmp_path / "a"), count=1)
    if not results_say:  # as those of before they said what was asked
        file = tmp_path / "a/results.jsonl"
        line = {name: one for name, one in json.loads(file.read_text()).items() if name != "asked"}
        file.write_text(json.dumps(line) + "\n")
    [loaded] = tasks(1)
    changed = replace(loaded, task=replace(loaded.task, statement="Something else."))
    again = arm(tmp_path / "a")

    try:
        with pytest.raises(InputError) if results_say else nullcontext() as refused:
            await evaluate([changed], [again])
    finally:
        close([again])

    assert refused is None or "a: task times/1 asked something else, or had" in str(refused.value)


async def test_several_runs_share_the_tasks_and_not_their_results(tmp_path: Path) -> None:
    few, many = arm(tmp_path / "few", samples=1), arm(tmp_path / "many", samples=4)

    await run(few, many)

    assert {result.drawn for result in results(tmp_path / "few").values()} == {1}
    assert {result.drawn for result in results(tmp_path / "many").values()} == {4}


async def test_a_slow_task_holds_no_other_back(tmp_path: Path) -> None:
    def latency(path: str) -> float:
        return 0.0

    class Slow(ScriptedModel):
        async def chat(self, messages: list[Message], **rest: Any) -> list[Completion]:
            if "Multiply by 1." in messages[-1]["content"]:
                await asyncio.sleep(1.0)
            return await super().chat(messages, **rest)

    told = await run(arm(tmp_path / "a", Slow(script, latency=latency)), count=12, concurrency=4)

    assert told[-1].task == "times/1"


class Counting(ScriptedModel):
    """Knows how many calls there were at once."""

    now = 0
    most = 0

    async def chat(self, messages: list[Message], **rest: Any) -> list[Completion]:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.05)
        self.now -= 1
        return await super().chat(messages, **rest)


async def test_tasks_are_read_and_begun_only_as_the_model_has_room(tmp_path: Path) -> None:
    model, read = Counting(script), Read(tasks(200))
    one = arm(tmp_path / "a", model, samples=3)

    running = asyncio.ensure_future(evaluate(read, [one], 4, lambda *_: None))
    await asyncio.sleep(0.4)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    close([one])

    assert 0 < read.count < 30
    assert model.most <= 8  # a task begins while there is room, and may have three calls


async def test_a_run_that_is_over_is_forgotten(tmp_path: Path) -> None:
    one = arm(tmp_path / "a")

    await evaluate(tasks(4), [one], 4, lambda *_: None)

    assert list(one.context.runs()) == []
    close([one])


async def test_a_fault_costs_one_task_and_is_tried_again(tmp_path: Path) -> None:
    def graded(program: Program, given: Any) -> int:
        if "return 3" in program.code and given == (2,):  # the second, hidden test
            raise SandboxError("the engine is gone")
        return runs(program, given)

    told = await run(arm(tmp_path / "a", sandbox=ScriptedSandbox(graded)))
    failed = [result for result in told if result.error]
    again = await run(arm(tmp_path / "a", ScriptedModel(script)))

    assert [(one.task, one.error) for one in failed] == [
        ("times/3", "not graded: sandbox: the engine is gone")
    ]
    assert [one.task for one in again] == ["times/3"]
    assert results(tmp_path / "a")["times/3"].solved is True
    rows = (tmp_path / "a" / "samples.jsonl").read_text().splitlines()
    assert len(rows) == 5 * 3


async def test_a_model_that_answers_nothing_is_not_asked_for_ever(tmp_path: Path) -> None:
    def gone(messages: list[Message], path: str, index: int) -> str:
        raise ModelUnavailable("connection lost: refused")

    model = ScriptedModel(gone)
    one = arm(tmp_path / "a", model)

    with pytest.raises(ModelUnavailable, match=r"the last 8 tasks of .* connection lost: refused"):
        await evaluate(tasks(100), [one], 4, lambda *_: None)

    close([one])
    found = results(tmp_path / "a")
    assert all(result.error == "connection lost: refused" for result in found.values())
    again = await run(arm(tmp_path / "a"), count=100)
    assert len(again) == 100


async def test_a_refusal_is_a_result(tmp_path: Path) -> None:
    def refuse(messages: list[Message], path: str, index: int) -> Completion:
        return Completion("I am sorry.", "stop", Usage(calls=1, completion_tokens=4))

    (result,) = await run(arm(tmp_path / "a", ScriptedModel(refuse)), count=1)

    assert result.error is None
    assert (result.drawn, result.missing, result.right) == (3, 3, 0)
    assert result.solved is False


async def test_what_the_caller_got_wrong_ends_it_at_once(tmp_path: Path) -> None:
    one = arm(tmp_path / "a", samples=4, graph="beam-search")

    with pytest.raises(InputError, match="beam_search"):
        await evaluate(tasks(3), [one], 4, lambda *_: None)

    close([one])
    assert results(tmp_path / "a") == {}


async def test_without_a_key_there_are_samples_and_no_grade(tmp_path: Path) -> None:
    one = arm(tmp_path / "a")
    await evaluate([task(1, key=False)], [one], 4, lambda *_: None)
    close([one])

    result = results(tmp_path / "a")["times/1"]
    assert result.solved is None
    assert [sample.passed for sample in result.samples] == [None, None, None]
