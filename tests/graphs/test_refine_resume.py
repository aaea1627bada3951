"""Chains of answers that were stopped, or finished, and started again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import ModelRefused
from ponder.models import Budget, Message, ScriptedModel
from ponder.tasks import Task
from ponder.verifiers import Verdict
from tests.support.chains import context, says, solve
from tests.support.interrupted import Interrupted


def broken(messages: list[Message], path: str, index: int) -> str:
    raise AssertionError(f"{path} was asked again")


@pytest.mark.parametrize("after", [0, 1, 4, 9, 14])
async def test_an_interrupted_run_goes_on_and_asks_nothing_twice(
    tmp_path: Path, after: int
) -> None:
    script = says({"c2/r4": "right"})
    first, second = Interrupted(script), ScriptedModel(script)
    first.after = after
    first.run = asyncio.ensure_future(solve(context(first, tmp_path / "s"), chains=3, depth=6))
    with pytest.raises(asyncio.CancelledError):
        await first.run

    solution = await solve(context(second, tmp_path / "s"), chains=3, depth=6)

    assert not set(first.paths) & set(second.paths)
    assert len(first.paths) + len(second.paths) == 16
    assert solution == await solve(context(ScriptedModel(script)), chains=3, depth=6)


@dataclass
class Unsteady:
    """Judges nothing the first time it is asked, and passes everything after that."""

    name: str = "unsteady"
    asked: int = 0

    async def judge(self, task: Task, candidates: Sequence[str]) -> list[Verdict]:
        self.asked += 1
        if self.asked == 1:
            raise ConnectionError("down")
        return [Verdict(passed=True)] * len(candidates)


async def test_a_finished_run_replays_without_models_and_with_what_could_not_be_judged(
    tmp_path: Path,
) -> None:
    verifier = Unsteady()
    once = await solve(
        context(ScriptedModel(says()), tmp_path / "s", verifier=verifier), chains=1, depth=4
    )

    again = await solve(
        context(ScriptedModel(broken), tmp_path / "s", verifier=verifier), chains=1, depth=4
    )

    assert [candidate.verdict.passed for candidate in once.candidates] == [None, True]
    assert again == once
    assert verifier.asked == 2


async def test_a_run_that_failed_refused_and_ran_out_replays_as_it_was(tmp_path: Path) -> None:
    def script(messages: list[Message], path: str, index: int) -> str:
        if path.startswith("c1/r2"):
            raise ModelRefused("refused: no")
        return "no program" if path.startswith("c2/r3") else says()(messages, path, index)

    limits: dict[str, Any] = {"budget": Budget(calls=15)}
    options: dict[str, Any] = {"chains": 3, "depth": 9}
    once = await solve(context(ScriptedModel(script), tmp_path / "s", **limits), **options)

    again = await solve(context(ScriptedModel(broken), tmp_path / "s", **limits), **options)

    assert once.faults == {"refused": 2, "unreadable": 2}
    assert once.stopped.startswith("budget spent")
    assert again == once


async def test_an_early_stop_is_the_same_under_replay(tmp_path: Path) -> None:
    model = ScriptedModel(
        says({"c2/r3": "right", "c4/r2": "right"}), latency=lambda path: 0.01 * int(path[1])
    )
    options: dict[str, Any] = {"chains": 5, "depth": 8, "enough": 1}
    once = await solve(context(model, tmp_path / "s"), **options)

    again = await solve(context(ScriptedModel(broken), tmp_path / "s"), **options)

    assert once.stopped.startswith("enough: 1")
    assert len(model.calls) < 40
    assert again == once
