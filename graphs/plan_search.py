"""PlanSearch (arXiv 2409.03733): search over plans in natural language, then write each as code.

Official code: scaleapi/plansearch, `search/combo_observation_model.py`, whose behaviour is the
`paper` profile; where the paper says otherwise it is an option here.

    begin ─┬─ idea (the empty subset of observations) ───────────────┐
           └─ explore: observe ─┬─ idea (each subset) ───────────────┤
                                └─ explore: derive ── idea … (L) ────┴─ select
    idea: plan ─┬─ implement: pseudocode, code, public tests
                └─ repair: criticise, fix, pseudocode, code, public tests

`explore` and `idea` are subgraphs, so no branch waits for its siblings: LangGraph's superstep is a
barrier only inside one of them.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import Field
from typing_extensions import TypedDict

from ..nodes import (
    Asked,
    Begin,
    Chain,
    Context,
    Criticise,
    Fix,
    Judge,
    Node,
    Observe,
    Place,
    Plan,
    Pseudocode,
    Sampling,
    Select,
    Solved,
    WriteCode,
)
from ..settings import with_options
from .build import Graph, Options


class PlanSearchOptions(Options):
    """The knobs of PlanSearch. The defaults are the `paper` profile."""

    observations: int = Field(10, ge=1)
    """Observations asked for at the root (N)."""
    subset_size: int = Field(2, ge=0)
    """Largest subset of observations that is combined (S)."""
    layers: int = Field(2, ge=1, le=6)
    """Layers of observations (L)."""
    turns: Literal["four", "one"] = "four"
    """Observations by the paper's four-turn conversation, or by one structured reply."""
    fix: bool = True
    """Criticise every plan and implement its repaired form too."""
    pseudocode: bool = True
    """Write pseudocode between plan and code."""
    plan: bool = True
    """Write a plan between observations and code. Without it there is no pseudocode and no fix."""
    internal: bool = True
    """Solve the subsets of every layer (official code), or of the deepest only (paper's text)."""
    carry: bool = False
    """Give a node its ancestors' observations too (the official code does not)."""
    max_observations: int = Field(10, ge=1)
    """Observations kept of one reply."""
    max_ideas: int | None = Field(None, ge=1)
    """Subsets solved per observation node, chosen by the seed; None for all."""
    max_branches: int | None = Field(None, ge=1)
    """Subsets explored further per observation node, likewise."""
    few_shot: bool = True
    """Show the coder two solved examples."""
    brief: bool = False
    """Ask for short plans."""
    block: Literal["last", "first"] = "last"
    """Which fenced block is the program; the official code takes the first."""
    enough: int | None = Field(None, ge=1)
    """Stop once this many candidates pass the public tests."""
    temperature: float | None = Field(0.9, ge=0, le=2)
    """Of every call but the paper's formatting turn; None leaves it to the model."""
    top_p: float | None = Field(0.95, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(4096, ge=16)
    """Longest reply."""


PROFILES: dict[str, dict[str, Any]] = {
    "paper": {},
    "fast": {
        "observations": 5,
        "turns": "one",
        "fix": False,
        "pseudocode": False,
        "max_observations": 5,
        "max_ideas": 4,
        "max_branches": 3,
        "few_shot": False,
        "brief": True,
        "enough": 2,
        "max_tokens": 2048,
    },
}


class Explored(TypedDict):
    """A place in the observation tree and where it goes on."""

    run: str
    path: str
    observations: list[str]
    ideas: NotRequired[list[Place]]
    branches: NotRequired[list[Place]]
    candidates: Annotated[list[str], operator.add]


class Sketching(TypedDict):
    """A place, its plan, and the candidates it led to."""

    run: str
    path: str
    observations: list[str]
    sketch: NotRequired[str]
    ended: NotRequired[str | None]
    candidates: Annotated[list[str], operator.add]


class Search(TypedDict):
    """The whole search: a run, its candidates, and at the end one solution."""

    run: str
    candidates: Annotated[list[str], operator.add]


class Found(TypedDict):
    """What a branch reports to its parent."""

    candidates: Annotated[list[str], operator.add]


def plan_search(profile: str = "fast", **overrides: Any) -> Graph:
    """Build PlanSearch.

    `profile` is "paper" (the official code's behaviour: four-turn observations, 13 calls deep,
    `4 + 4·l1 + 7·U` calls) or "fast" (structured one-turn observations, no fix, no pseudocode,
    sampled subsets; about 40 calls, 6 deep). `overrides` are fields of `PlanSearchOptions`.

    The input is `{"task": CodeTask}`, the output `{"solution": Solution}`.

    Raises:
        InputError: an unknown profile or option, or a value out of range.
    """
    options = with_options(PlanSearchOptions, PROFILES, profile, overrides)
    idea = _idea(options)
    graph = StateGraph(Search, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", Begin("plan_search", options.model_dump()))
    graph.add_node("idea", idea)
    graph.add_node("explore", _explore(options, idea, layer=1))
    graph.add_node("select", Select())
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", start_search, ["idea", "explore"])
    graph.add_edge(["idea", "explore"], "select")
    graph.add_edge("select", END)
    return graph.compile(name="plan_search")


def start_search(state: Search) -> Sequence[Send]:
    """The empty subset of observations is solved while the first observations are being made."""
    root = {"run": state["run"], "observations": []}
    return [Send("idea", {**root, "path": "o0"}), Send("explore", {**root, "path": ""})]


def fan_out(idea: str, explore: str) -> Callable[[Explored], Sequence[Send]]:
    """A branch of its own for every subset, so that none waits for another."""

    def route(state: Explored) -> Sequence[Send]:
        ideas = [Send(idea, place) for place in state.get("ideas", [])]
        return ideas + [Send(explore, place) for place in state.get("branches", [])]

    return route


def implement_and_repair(state: Sketching) -> Sequence[Send]:
    """Both at once: the repair does not wait for the verdict on what it repairs."""
    if state.get("ended"):
        return []
    sketch = {"run": state["run"], "sketch": state["sketch"]}
    return [Send("implement", sketch), Send("repair", sketch)]


def implement_only(state: Sketching) -> Sequence[Send]:
    """Without the fix branch."""
    return implement_and_repair(state)[:1]


def _explore(options: PlanSearchOptions, idea: Graph, layer: int) -> Graph:
    """Observations at one place and everything below it."""
    deepest = layer == options.layers
    graph = StateGraph(Explored, context_schema=Context, output_schema=Found)
    graph.add_node("observe", _observe(options, deepest))
    # Subgraphs need names of their own, or LangGraph cannot draw the whole.
    solve, deeper = f"idea_{layer}", f"explore_{layer + 1}"
    graph.add_node(solve, idea)
    if not deepest:
        graph.add_node(deeper, _explore(options, idea, layer + 1))
    graph.add_edge(START, "observe")
    targets = [solve] if deepest else [solve, deeper]
    graph.add_conditional_edges("observe", fan_out(solve, deeper), targets)
    return graph.compile(name=f"explore_{layer}")


def _idea(options: PlanSearchOptions) -> Graph:
    """One set of observations, to one or two candidates."""
    graph = StateGraph(Sketching, context_schema=Context, output_schema=Found)
    if not options.plan:
        graph.add_node("implement", Chain(_implement(options)))
        graph.add_edge(START, "implement")
        return graph.compile(name="idea")
    sampling, then = _sampling(options), _calls_to_code(options)
    graph.add_node("plan", Plan(options.brief, sampling, then))
    graph.add_node("implement", Chain(_implement(options)))
    graph.add_edge(START, "plan")
    if options.fix:
        repair = Chain((Criticise(sampling, then), Fix(sampling, then), *_implement(options)))
        graph.add_node("repair", repair)
        graph.add_conditional_edges("plan", implement_and_repair, ["implement", "repair"])
    else:
        graph.add_conditional_edges("plan", implement_only, ["implement"])
    return graph.compile(name="idea")


def _implement(options: PlanSearchOptions) -> tuple[Node, ...]:
    sampling = _sampling(options)
    code = WriteCode(options.few_shot, options.block, sampling)
    tests = Judge(options.enough)
    if options.plan and options.pseudocode:
        return (Pseudocode(sampling), code, tests)
    return (code, tests)


def _observe(options: PlanSearchOptions, deepest: bool) -> Observe:
    return Observe(
        turns=options.turns,
        count=options.observations,
        most=options.max_observations,
        subset_size=options.subset_size,
        deepest=deepest,
        internal=options.internal,
        carry=options.carry,
        max_ideas=options.max_ideas,
        max_branches=options.max_branches,
        sampling=_sampling(options),
        then=1 + _calls_to_code(options) if options.plan else 1,
    )


def _calls_to_code(options: PlanSearchOptions) -> int:
    """From a sketch to a program."""
    return 2 if options.pseudocode else 1


def _sampling(options: PlanSearchOptions) -> Sampling:
    return Sampling(options.temperature, options.top_p, options.max_tokens)
