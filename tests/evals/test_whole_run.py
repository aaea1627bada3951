"""From an evaluation to its numbers, with nothing between."""

from pathlib import Path
from typing import Any

import pytest

from ponder.evals.diversity import ByBehaviour, ByIdeas, measure_run
from ponder.evals.folder import STORE, About, RunFolder, read_results
from ponder.evals.runner import Arm, evaluate
from ponder.evals.spec import Spec
from ponder.evals.summary import summarise_run
from ponder.evals.versus import compare
from ponder.graphs import repeated_sampling
from ponder.models import ScriptedModel
from ponder.nodes import Context
from ponder.sandboxes import Program, ScriptedSandbox
from ponder.tasks import CodeTask, Key, LoadedTask, Test
from tests.support.plans import TASK

TASKS = [
    LoadedTask(
        CodeTask(f"t{i}", "Double it.", entry_point="solve", public_tests=TASK.public_tests),
        Key(f"t{i}", (Test((7,), 14),)),
    )
    for i in range(4)
]


def writes(messages: Any, path: str, index: int) -> str:
    """Every other sample is right, and those that are not are all alike."""
    number = int(path.partition("/")[0].removeprefix("s"))
    return f"```python\ndef solve(x):\n    return {2 + number % 2} * x  # {path}\n```"


def runs(program: Program, given: Any) -> int:
    return int(given[0]) * (3 if "return 3" in program.code else 2)


async def evaluated(path: Path, samples: int) -> Path:
    folder = RunFolder(path, About(path.name, "none", Spec(model="scripted", seed=samples)))
    sandbox = ScriptedSandbox(runs)
    with Context(ScriptedModel(writes), sandbox=sandbox, store=path / STORE) as context:
        graph = repeated_sampling(samples=samples, enough=None)
        await evaluate(TASKS, [Arm(folder, graph, context)], 8, lambda arm, result: None)
    folder.close()
    return path


async def test_a_run_is_summarised_compared_and_measured(tmp_path: Path) -> None:
    long, short = await evaluated(tmp_path / "long", 8), await evaluated(tmp_path / "short", 2)
    by_behaviour = await measure_run(long, ByBehaviour(ScriptedSandbox(runs)))
    judge = ScriptedModel(lambda messages, path, index: "yes" if path.endswith("/same") else "idea")
    by_ideas = await measure_run(long, ByIdeas(judge, pairs=5))

    summary = summarise_run(long)
    found = compare(read_results(long), read_results(short))

    assert (summary.name, summary.tasks, summary.samples, summary.ungraded) == ("long", 4, 32, 0)
    assert summary.passes["pass"][0].value.value == 0.5
    assert summary.passes["filtered"][0].value.value == 1.0
    assert [one.value and one.value.value for one in summary.diversity] == [
        pytest.approx((2 - 1) * 4 / (2 * 4 - 1)),
        0.0,
    ]
    assert len(by_behaviour.rows) == len(by_ideas.rows) == 4
    assert found.tasks == 4
    assert found.at_equal["tokens"].paired.difference is not None
