"""From what a run of `reflect` came to, to its row."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...models.faults import TOO_LONG
from ...nodes import Pair, Run, Thought
from ...nodes.reflect import unreached
from ...sandboxes import Sandbox
from ...tasks import LoadedTask
from ..attempt import Attempted
from ..results import Result

STAGES = ("instruction", "response")
Row = dict[str, Any]


async def recycle(
    loaded: LoadedTask[Any, Any], run: Run, result: Result, sandbox: Sandbox
) -> Attempted:
    """The result and the row (`Make`). Where the teacher was not reached there is no result: the
    pair is tried again, and what it has got is not paid for again."""
    row = recycled_row(run)
    kind = "survives" if row["survives"] else _kind(row["why"])
    error = result.error or _unreached(run)
    return replace(result, left_out={} if row["survives"] else {kind: 1}, error=error), [row]


def recycled_row(run: Run) -> Row:
    """What is kept of a pair, whether it survives, and how that came about: each stage's choice,
    and every score, None where there is none."""
    thoughts = run.thoughts
    made = thoughts["recycled"]
    verdict, kept = made.verdict, made.parents[0]
    assert verdict is not None
    pairs = {id: thoughts[id] for id in ("original", *STAGES) if id in thoughts}
    return {
        "id": run.task.id,
        **_pair(made),
        "survives": verdict.passed is True,
        "why": verdict.reason,
        "kept": kept,
        "ifd": _score(pairs[kept]),
        "rifd": _score(thoughts.get(f"{kept}/recovery")),
        "choices": {
            stage: thoughts[f"{stage}/choice"].text
            for stage in STAGES
            if f"{stage}/choice" in thoughts
        },
        "pairs": {id: _told(thoughts, one) for id, one in pairs.items()},
    }


def outcome(stage: str, choice: str) -> str:
    """What came of a stage, of its choice's text: "new" where its pair was taken, else why not, by
    kind: "not better", "not scored", "by chance", or the kind of the teacher's failure."""
    kept, _, why = choice.partition(": ")
    if kept == stage:
        return "new"
    if why.endswith("not scored"):
        return "not scored"
    if why.startswith(("IFD ", "r-IFD ")):
        return "not better"
    return "by chance" if why == "at random" else _kind(why)


def _told(thoughts: Mapping[str, Thought], pair: Thought) -> Row:
    if pair.failure:
        return {"failure": pair.failure}
    told: Row = _pair(pair)
    for name, thought in (("ifd", pair), ("rifd", thoughts.get(f"{pair.id}/recovery"))):
        if thought is not None and thought.verdict is not None:
            told[name] = _score(thought)
            told[f"{name}_reason"] = thought.verdict.reason
    return told


def _pair(thought: Thought) -> Row:
    held = Pair.from_text(thought.text)
    return {"instruction": held.instruction, "input": held.input, "output": held.output}


def _score(thought: Thought | None) -> float | None:
    return thought.verdict.score if thought is not None and thought.verdict is not None else None


def _kind(reason: str) -> str:
    """Why a pair did not survive, without what only this one has."""
    head, _, rest = reason.partition(": ")
    if head == "not response-reflected":
        return f"{head}: not scored" if "not scored" in rest else head
    return head if not head.endswith("not below 1") else f"{head.split()[0]} is not below 1"


def _unreached(run: Run) -> str | None:
    """Why there is no result: the teacher was not reached, or rejected every request for this pair,
    as it does without a key. A pair that is too long for it stays so, and is done."""
    lost = [run.thoughts[id] for id in STAGES if id in run.thoughts and run.thoughts[id].failure]
    for one in lost:
        if unreached(run, one.id):
            return one.failure
    rejected = [
        one
        for one in lost
        if run.calls.failed.get(one.id) is False and _kind(one.failure or "") != TOO_LONG
    ]
    asked = sum(id in run.thoughts for id in STAGES)
    return rejected[0].failure if rejected and len(rejected) == asked else None
