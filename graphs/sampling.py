"""Repeated sampling: many independent programs, one call each (PlanSearch's first baseline)."""

import operator
from collections.abc import Sequence
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import Field
from typing_extensions import TypedDict

from ..nodes import (
    Asked,
    Begin,
    Brainstorm,
    Chain,
    Context,
    Judge,
    Node,
    Sampling,
    Select,
    Solved,
    WriteCode,
)
from .build import Graph, Options, with_options


class SamplingOptions(Options):
    """The knobs of `repeated_sampling` and `idea_search`. The defaults are the `paper` profile."""

    samples: int = Field(225, ge=1, le=100_000)
    """Programs to write; the paper writes 225, to estimate pass@200 from."""
    few_shot: bool = True
    """Show the coder two solved examples."""
    enough: int | None = Field(None, ge=1)
    """Stop once this many candidates pass the public tests."""
    temperature: float | None = Field(0.9, ge=0, le=2)
    """Of every call; None leaves it to the model."""
    top_p: float | None = Field(0.95, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(4096, ge=16)
    """Longest reply."""


PROFILES: dict[str, dict[str, Any]] = {
    "paper": {},
    "fast": {"samples": 20, "few_shot": False, "enough": 2, "max_tokens": 2048},
}


class Samples(TypedDict):
    """The whole search."""

    run: str
    candidates: Annotated[list[str], operator.add]


def repeated_sampling(profile: str = "fast", **overrides: Any) -> Graph:
    """Build repeated sampling: `samples` programs from the problem alone, one call each.

    Input, output and errors as `plan_search`; `overrides` are fields of `SamplingOptions`.
    """
    options = with_options(SamplingOptions, PROFILES, profile, overrides)
    return _sampler("repeated_sampling", options, ())


def idea_search(profile: str = "fast", **overrides: Any) -> Graph:
    """Build IdeaSearch (PlanSearch section 3): an idea in words, then, in a separate conversation,
    a program that follows it; `samples` times, one program for each idea.

    Input, output and errors as `plan_search`; `overrides` are fields of `SamplingOptions`.
    """
    options = with_options(SamplingOptions, PROFILES, profile, overrides)
    return _sampler("idea_search", options, (Brainstorm(_sampling(options)),))


def _sampler(name: str, options: SamplingOptions, before: tuple[Node, ...]) -> Graph:
    def fan_out(state: Samples) -> Sequence[Send]:
        numbers = range(1, options.samples + 1)
        return [Send("sample", {"run": state["run"], "path": f"s{i}"}) for i in numbers]

    code = WriteCode(options.few_shot, sampling=_sampling(options))
    graph = StateGraph(Samples, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", Begin(name, options.model_dump()))
    graph.add_node("sample", Chain((*before, code, Judge(options.enough))))
    graph.add_node("select", Select())
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", fan_out, ["sample"])
    graph.add_edge("sample", "select")
    graph.add_edge("select", END)
    return graph.compile(name=name)


def _sampling(options: SamplingOptions) -> Sampling:
    return Sampling(options.temperature, options.top_p, options.max_tokens)
