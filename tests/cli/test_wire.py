"""What goes over the wire in an evaluation, and what may come back."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Answer, Body, Reply, ok, serving

SECRET = 918273645
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    row = {
        "id": "own/1",
        "statement": "Return the number that is given, plus one.",
        "entry_point": "solve",
        "public_tests": ["assert solve(1) == 2"],
        "hidden_tests": [f"assert solve({SECRET}) == {SECRET + 1}"],
    }
    path = tmp_path / "own.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


async def evaluate(answer: Answer, tasks: Path, graph: str, *more: str) -> tuple[Any, list[Body]]:
    """What the command printed as JSON, and every request."""
    async with serving(answer) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from ponder.cli.app import main; main()", "eval", str(tasks),
            "--graph", graph, "--model", "hosted_vllm/x", "--api-base", server.url, "--json",
            "--sandbox", "subprocess", "--out", str(tasks.parent / "out"), *more, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return json.loads(out), server.bodies


@pytest.mark.parametrize("graph", ["plan-search", "refine"])
async def test_no_hidden_test_goes_to_a_model(tasks: Path, graph: str) -> None:
    def wrong(body: Body, before: int) -> Reply:
        return ok("```python\ndef solve(x):\n    return 3 * x\n```")

    summary, bodies = await evaluate(wrong, tasks, graph, "--budget", "calls=12")

    assert summary[0]["solved"]["value"][0] == 0.0
    assert len(bodies) > 3
    assert str(SECRET) not in json.dumps(bodies)


@pytest.mark.parametrize(
    "text",
    ["```python\ndef solve(x):\n    return x + 1  # \ud83d\n```", "\x00" * 5, "x = 1\n" * 800_000],
    ids=["a lone surrogate", "nulls", "five megabytes"],
)
async def test_whatever_a_model_says_is_a_result(tasks: Path, text: str) -> None:
    def says(body: Body, before: int) -> Reply:
        return ok(text)

    summary, _ = await evaluate(says, tasks, "repeated-sampling", "--samples", "3")

    assert summary[0]["tasks"] == 1
