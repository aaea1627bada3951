"""Scripted chains of programs: a model that says where it is, a sandbox that believes it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ponder.graphs import propose_verify_refine
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context, Solution
from ponder.sandboxes import Program, ScriptedSandbox
from ponder.tasks import Task
from tests.support.plans import TASK

Writes = Callable[[list[Message], str, int], str]


def says(programs: Mapping[str, str] = {}, reply: str = "wrong") -> Writes:
    """Programs that differ by their places; those named are as said."""

    def script(messages: list[Message], path: str, index: int) -> str:
        words = programs.get(path, reply)
        return f"Here.\n```python\ndef solve(x):\n    ...  # {words} {path}\n```"

    return script


def runs(program: Program, given: Any) -> int:
    """Right programs say so."""
    return 2 * given[0] if "right" in program.code else 0


def context(model: ScriptedModel, store: Path | None = None, **rest: Any) -> Context:
    return Context(model=model, store=store, **{"sandbox": ScriptedSandbox(runs), **rest})


async def solve(given: Context, task: Task = TASK, **options: Any) -> Solution:
    graph = propose_verify_refine("paper", **options)
    solution: Solution = (await graph.ainvoke({"task": task}, context=given))["solution"]
    return solution


def places(chains: int, depth: int, first: str = "code") -> list[str]:
    """The ids of the answers of chains that run to their end."""
    later = [f"r{place}" for place in range(2, depth + 1)]
    return [f"c{chain}/{name}" for chain in range(1, chains + 1) for name in [first, *later]]
