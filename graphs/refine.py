"""Propose, verify, refine: chains of answers, each made in view of the ones before it.

With the public tests as verifier this is code repair; with a reward model, and its reasons kept
from the model, the sequential revisions of "Scaling LLM Test-Time Compute Optimally" (section 6,
arXiv 2408.03314), whose `chains` × `depth` is the ratio of parallel to sequential samples.

    begin ── chain (each of c1, c2, …) ── choose
    chain: propose (answer, judge) ── refine (revise, judge) ── refine …

A chain is a subgraph, so none waits for another. The paper's verifier is an outcome model of its
own that sees the revisions before the one it scores: `ponder label chains` and `ponder train orm`
make one, and `in_context` lets it see them. Deviation from the paper: its chains do not end at an
answer that passes (rewards pass none, so there they do not either).
"""

import operator
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NotRequired

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import Field
from typing_extensions import TypedDict

from ..nodes import (
    Answer,
    Asked,
    Begin,
    Chain,
    ChooseRevision,
    Context,
    Judge,
    Refine,
    RevisionWay,
    Sampling,
    Solved,
)
from ..settings import with_options
from ..tasks import CodeTask, MathTask
from .build import Graph, Options

MISSES = 2
"""Revisions in a row that fail before their chain ends."""


class RefineOptions(Options):
    """The knobs of `propose_verify_refine`. The defaults are the `paper` profile."""

    chains: int = Field(4, ge=1, le=100_000)
    """Chains, side by side."""
    depth: int = Field(64, ge=1, le=1_000)
    """Answers of a chain, its first included."""
    context: int = Field(4, ge=1)
    """The most recent answers of its chain that the model sees."""
    feedback: bool | None = False
    """Show the model why its answers were not accepted. None: if the public tests judge."""
    in_context: bool = False
    """Whether the verifier of a question is shown the answers that a revision was made from, as
    part of the question: for one that was fitted so."""
    enough: int | None = Field(None, ge=1)
    """Stop once this many answers pass the verifier."""
    choose: RevisionWay = "hierarchical"
    """The answer to a question: of the largest sum of scores within each chain and then among the
    chains' picks, or of all answers at once that, the best score, or the most frequent."""
    temperature: float | None = Field(0.8, ge=0, le=2)
    """Of every call; None leaves it to the model. The paper does not say."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(4096, ge=16)
    """Longest reply."""


PROFILES: dict[str, dict[str, Any]] = {
    "paper": {},
    "fast": {"chains": 2, "depth": 4, "feedback": None, "enough": 1, "max_tokens": 2048},
}


class Revising(TypedDict):
    """One chain."""

    run: str
    path: str
    place: NotRequired[int]
    misses: NotRequired[int]
    passed: NotRequired[bool | None]
    candidates: Annotated[list[str], operator.add]


class Search(TypedDict):
    """The whole search."""

    run: str
    candidates: Annotated[list[str], operator.add]


class Found(TypedDict):
    """What a chain reports to it."""

    candidates: Annotated[list[str], operator.add]


def propose_verify_refine(profile: str = "fast", **overrides: Any) -> Graph:
    """Build propose, verify, refine.

    `profile` is "paper" (the paper's longest chains: 4 of 64 answers, the last four of them in
    view, without the verifier's reasons) or "fast" (2 chains of 4; what fails its public tests is
    told why; one answer that passes is enough). `overrides` are fields of `RefineOptions`.

    A chain ends at an answer that passes, at its depth, or when two of its revisions in a row
    fail; one that fails costs its place alone. At most `chains` × `depth` answers are asked for.

    `Context(verifier=…)` judges: of programs the public tests, of questions a reward model or a
    judge model; without one the most frequent final answer is taken. The input is `{"task": task}`
    with a question or a programming problem, the output `{"solution": Solution}`.

    Raises:
        InputError: an unknown profile or option, or a value out of range. When run: feedback is
            asked for from a verifier that judges by a key.
    """
    options = with_options(RefineOptions, PROFILES, profile, overrides)
    begin = Begin(
        "propose_verify_refine",
        _identity(options),
        takes=(CodeTask, MathTask),
        feedback=options.feedback is True,
    )
    graph = StateGraph(Search, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", begin)
    graph.add_node("chain", chain(options))
    graph.add_node("choose", ChooseRevision(options.choose))
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", start_chains(options.chains), ["chain"])
    graph.add_edge("chain", "choose")
    graph.add_edge("choose", END)
    return graph.compile(name="propose_verify_refine")


def _identity(options: RefineOptions) -> dict[str, Any]:
    """The options that a run is known by. One that came later is not among them where it is off, so
    that runs which were stored before it are still found."""
    return options.model_dump(exclude=None if options.in_context else {"in_context"})


def start_chains(count: int) -> Callable[[Search], Sequence[Send]]:
    """So many chains, each on its own."""

    def route(state: Search) -> Sequence[Send]:
        numbers = range(1, count + 1)
        return [Send("chain", {"run": state["run"], "path": f"c{i}"}) for i in numbers]

    return route


def go_on(depth: int) -> Callable[[Revising], Literal["refine", "__end__"]]:
    """Whether there is another answer to ask for. Where nothing was proposed nothing is refined."""

    def route(state: Revising) -> Literal["refine", "__end__"]:
        over = (
            state.get("passed")
            or not state["candidates"]
            or state.get("place", 1) >= depth
            or state.get("misses", 0) >= MISSES
        )
        return "__end__" if over else "refine"

    return route


def chain(options: RefineOptions) -> Graph:
    """One chain, from its first answer to its last."""
    sampling = Sampling(options.temperature, options.top_p, options.max_tokens)
    judge = Judge(options.enough, options.in_context)
    refine = Refine(options.context, options.feedback, sampling)
    reports = ("candidates", "passed", "place", "misses")
    graph = StateGraph(Revising, context_schema=Context, output_schema=Found)
    graph.add_node("propose", Chain((Answer(sampling=sampling), judge), reports))
    graph.add_node("refine", Chain((refine, judge), reports))
    graph.add_edge(START, "propose")
    graph.add_conditional_edges("propose", go_on(options.depth))
    graph.add_conditional_edges("refine", go_on(options.depth))
    return graph.compile(name="chain")
