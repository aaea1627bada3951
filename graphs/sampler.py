"""The shape of searches that sample: n answers side by side, then one of them."""

import operator
from collections.abc import Sequence
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from ..nodes import Asked, Begin, Chain, Choose, Context, Select, Solved
from .build import Graph

BATCH = 100
"""Samples of one superstep. LangGraph goes through all writes of a superstep for each of its tasks
(1.2): ten thousand at once cost three times as much each as a hundred."""


class Samples(TypedDict):
    """The whole search."""

    run: str
    candidates: Annotated[list[str], operator.add]


class Batch(TypedDict):
    """Some of the samples."""

    run: str
    numbers: list[int]
    candidates: Annotated[list[str], operator.add]


class Found(TypedDict):
    """The candidates of a batch."""

    candidates: Annotated[list[str], operator.add]


def sampler(begin: Begin, sample: Chain, samples: int, choose: Select | Choose) -> Graph:
    """Build the graph: `begin`; `sample` so many times, at the paths "s1", "s2", …; `choose`."""

    def fan_out(state: Samples) -> Sequence[Send]:
        numbers = numbered(1, samples)
        return [Send("samples", {"run": state["run"], "numbers": some}) for some in numbers]

    graph = StateGraph(Samples, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", begin)
    graph.add_node("samples", batch(sample))
    graph.add_node("choose", choose)
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", fan_out, ["samples"])
    graph.add_edge("samples", "choose")
    graph.add_edge("choose", END)
    return graph.compile(name=begin.graph)


def numbered(first: int, last: int) -> list[list[int]]:
    """The numbers from the first to the last, in batches."""
    starts = range(first, last + 1, BATCH)
    return [list(range(i, min(i + BATCH, last + 1))) for i in starts]


def batch(sample: Chain) -> Graph:
    """One that runs `sample` at the path "sN" for each of the `numbers` it is given."""

    def fan_out(state: Batch) -> Sequence[Send]:
        return [Send("sample", {"run": state["run"], "path": f"s{i}"}) for i in state["numbers"]]

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(
        Batch, context_schema=Context, output_schema=Found
    )
    graph.add_node("sample", sample)
    graph.add_conditional_edges(START, fan_out, ["sample"])
    graph.add_edge("sample", END)
    return graph.compile(name="samples")
