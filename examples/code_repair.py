"""A graph of one's own: write a program and, while its public tests fail, show the model why.

    python examples/code_repair.py TASK.yaml MODEL

The nodes are ponder's, but for `Repair`; the store, the budget and the sandbox come with them.
"""

import asyncio
import operator
import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from ponder.graphs import Graph
from ponder.nodes import (
    Asked,
    Asking,
    Begin,
    Context,
    Judge,
    Runtime,
    Select,
    Solved,
    WriteCode,
    read,
    think,
)
from ponder.tasks import load_task


class Draft(TypedDict):
    run: str
    answer: str  # the id of the newest program's thought
    passed: bool | None
    ended: str | None  # why no program could be had
    candidates: Annotated[list[str], operator.add]


@dataclass(frozen=True)
class Repair:
    """Shows the model its program with the first test that fails, and asks for a better one."""

    async def __call__(self, state: Draft, runtime: Runtime) -> dict[str, Any]:
        run = runtime.context.run(state["run"])
        failed = run.thoughts[state["answer"]]
        why = failed.verdict.reason if failed.verdict else ""
        program = f"This program fails:\n\n```python\n{failed.text}```\n{why}"
        prompt = f"{run.code_task.statement}\n\n{program}"
        thought, _ = await think(
            runtime, run, Asking("repair"), [{"role": "user", "content": f"{prompt}\nMend it."}],
            id=f"{failed.id}/repair", parents=(failed.id,),
            read=lambda reply: read.code(reply, run.code_task.entry_point),
        )  # fmt: skip
        return {"answer": thought.id, "ended": thought.failure}


def after_code(state: Draft) -> Literal["test", "select"]:
    return "select" if state["ended"] else "test"


def after_test(state: Draft) -> Literal["repair", "select"]:
    return "select" if state["passed"] or len(state["candidates"]) >= 5 else "repair"


def code_repair() -> Graph:
    graph = StateGraph(Draft, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", Begin("code_repair"))
    graph.add_node("write", WriteCode())
    graph.add_node("test", Judge())
    graph.add_node("repair", Repair())
    graph.add_node("select", Select())
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "write")
    graph.add_conditional_edges("write", after_code)
    graph.add_conditional_edges("test", after_test)
    graph.add_conditional_edges("repair", after_code)
    graph.add_edge("select", END)
    return graph.compile()


if __name__ == "__main__":
    task = load_task(sys.argv[1]).task
    with Context(model=sys.argv[2]) as context:
        found = asyncio.run(code_repair().ainvoke({"task": task}, context=context))["solution"]
    print(found.answer, found.verdict.reason, sep="\n")
