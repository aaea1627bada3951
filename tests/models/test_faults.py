"""A whole search while nine calls in ten go wrong."""

import hashlib
from pathlib import Path

import pytest

from benchmarks.latency_server import reply_to
from ponder.graphs import plan_search
from ponder.models import LiteLLMModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import ScriptedSandbox
from tests.support.plans import TASK
from tests.support.server import (
    CLOSE,
    HANG,
    JUNK,
    NO_CHOICES,
    NOT_JSON,
    REFUSAL,
    Body,
    Reply,
    error,
    ok,
    serving,
    too_many,
)

FAULTS = (too_many(), error(500), HANG, CLOSE, NO_CHOICES, NOT_JSON, REFUSAL, ok(JUNK))
KINDS = {"429", "500", "timeout", "connection lost", "empty reply", "not JSON", "refused"}
SEED = 0


def answer(body: Body, count: int) -> Reply:
    """Each fault to a tenth of all calls, half a reply to another; the same for the same place in
    the search, and drawn anew when that is asked again."""
    token = hashlib.sha256(f"{body['seed']} {count}".encode()).hexdigest()
    draw = int(token, 16) % 10
    if draw < len(FAULTS):
        return FAULTS[draw]
    good = reply_to(body["messages"], token[:8], n1=3, m=2)
    return ok(good if draw == 9 else good[: len(good) // 2])


async def solve(context: Context) -> Solution:
    result = await plan_search("paper").ainvoke({"task": TASK}, context=context)
    solution: Solution = result["solution"]
    return solution


@pytest.mark.usefixtures("litellm")
async def test_a_search_under_faults_solves_its_task_and_replays_as_it_was(tmp_path: Path) -> None:
    sandbox = ScriptedSandbox(lambda program, given: 2 * given[0])
    async with serving(answer) as server:
        model = LiteLLMModel("hosted_vllm/x", api_base=server.url, timeout=1.0, concurrency=16)
        given = Context(model=model, sandbox=sandbox, store=tmp_path / "s", seed=SEED)
        solution = await solve(given)

    again = await solve(Context(model=model, sandbox=sandbox, store=tmp_path / "s", seed=SEED))

    assert solution.solved
    assert solution.faults.keys() == KINDS | {"unreadable"}
    assert again == solution
    assert all(program.code.startswith("def solve(x):") for program in sandbox.programs)
    thoughts = given.thoughts(solution).values()
    assert {
        "unreadable: the fenced code block is never closed",
        "unreadable: there is no fenced code block",
        "unreadable: there is no list of strings in it",
    } <= {line for thought in thoughts for line in thought.faults}
    # Every request brought a reply, or a fault that is counted.
    failures = [thought.failure for thought in thoughts if thought.failure]
    unanswered = [line for line in failures if not line.startswith(("unreadable", "refused"))]
    replies = solution.usage.calls - len(unanswered) - solution.faults["refused"]
    assert len(server.bodies) == replies + sum(solution.faults[kind] for kind in KINDS)
