"""Search over steps against a process reward model: beam search, lookahead search, DVTS.

Paper: "Scaling LLM Test-Time Compute Optimally", section 3.2 and figure 2 (arXiv 2408.03314); DVTS
from huggingface/search-and-learn.

    begin ─── tree: expand → score → keep ─┬─ expand …      until N answers, or 40 rounds
                                           └─ choose

A round is a barrier by its nature: beams are ranked against each other. DVTS's subtrees are not,
and do not wait for each other.
"""

import operator
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import Field, model_validator
from typing_extensions import TypedDict

from ..nodes import (
    Asked,
    Begin,
    Choose,
    Context,
    Expand,
    Gather,
    Keep,
    Sampling,
    Score,
    Solved,
    Stepping,
    Tree,
    Way,
)
from ..settings import with_options
from ..tasks import MathTask
from .build import Graph, Options


class TreeOptions(Options):
    """The knobs of `beam_search`, `lookahead_search` and `dvts`."""

    samples: int = Field(16, ge=1, le=10_000)
    """Steps sampled each round, and answers wanted at the end (N)."""
    width: int = Field(4, ge=1)
    """Continuations of every beam (M); N / M beams are kept."""
    rounds: int = Field(40, ge=1, le=1_000)
    """Rounds at most; in the last, answers are written to their end."""
    lookahead: int = Field(0, ge=0, le=64)
    """Steps at temperature 0 that a step is judged after (k); 0 judges the step itself."""
    separator: str = Field("\n\n", min_length=1)
    """What stands between two steps."""
    distinct: bool = False
    """Of steps that say the same after the same, keep one (search-and-learn: filter_duplicates)."""
    choose: Way = "weighted"
    """The answer: of the largest sum of scores (the paper's best-of-N weighted), with the best
    score, or the most frequent."""
    temperature: float | None = Field(0.8, ge=0, le=2)
    """Of every step; None leaves it to the model. The paper does not say; search-and-learn's."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(2048, ge=16)
    """Longest step."""

    @model_validator(mode="after")
    def _whole_beams(self) -> "TreeOptions":
        if self.samples % self.width:
            raise ValueError(f"samples={self.samples} must be a multiple of width={self.width}")
        return self


PROFILES: dict[str, dict[str, Any]] = {
    "paper": {"samples": 256},
    "fast": {"rounds": 20, "max_tokens": 512},
}
LOOKAHEAD: dict[str, dict[str, Any]] = {
    profile: {**options, "lookahead": 3} for profile, options in PROFILES.items()
}
"""The paper's k = 3 (it tries 1, too). A budget of N buys N / (k + 1) samples a round."""


class Searching(Tree):
    """One tree between two rounds, and the answers it leads to."""

    candidates: Annotated[list[str], operator.add]


class Found(TypedDict):
    """What a tree reports."""

    candidates: Annotated[list[str], operator.add]


class Search(TypedDict):
    """The whole search."""

    run: str
    candidates: Annotated[list[str], operator.add]


def beam_search(profile: str = "fast", **overrides: Any) -> Graph:
    """Build beam search: sample N first steps, keep the N / M that the verifier scores best, sample
    M continuations of each, and so on until N answers are finished or the rounds are over; then
    choose among the answers, weighted by their scores.

    Needs `Context(verifier=…)` that judges steps, and a model that writes by steps. The input is
    `{"task": MathTask}`, the output `{"solution": Solution}`. `overrides` are fields of
    `TreeOptions`; profile "paper" has N = 256, M = 4, 40 rounds.

    Raises:
        InputError: an unknown profile or option, or a value out of range.
    """
    options = with_options(TreeOptions, PROFILES, profile, overrides)
    return _search("beam_search", options)


def lookahead_search(profile: str = "fast", **overrides: Any) -> Graph:
    """Build lookahead search: beam search in which a step is ranked by the verifier's score k steps
    further on, written at temperature 0 and then forgotten. A round costs N(k + 1) samples.

    Input, output and errors as `beam_search`.
    """
    options = with_options(TreeOptions, LOOKAHEAD, profile, overrides)
    return _search("lookahead_search", options)


def dvts(profile: str = "fast", **overrides: Any) -> Graph:
    """Build diverse verifier tree search: N / M independent trees, each of which samples M steps a
    round and goes on from the best alone. Deviation from search-and-learn: the unfinished siblings
    of a tree's last round are no candidates.

    Input, output and errors as `beam_search`.
    """
    options = with_options(TreeOptions, PROFILES, profile, overrides)
    return _search("dvts", options, trees=options.samples // options.width)


def after_keep(state: Searching) -> Literal["expand", "gather"]:
    """On from the beams, or out of the tree."""
    return "expand" if state.get("beams") else "gather"


def _search(name: str, options: TreeOptions, trees: int | None = None) -> Graph:
    """So many greedy trees; None: one that is not."""

    def plant(state: Search) -> Sequence[Send]:
        paths = [""] if trees is None else [f"t{i + 1}" for i in range(trees)]
        return [Send("tree", {"run": state["run"], "path": path}) for path in paths]

    begin = Begin(name, options.model_dump(), takes=(MathTask,), by_steps=True)
    graph = StateGraph(Search, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", begin)
    graph.add_node("tree", tree(options, greedy=trees is not None))
    graph.add_node("choose", Choose(options.choose))
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", plant, ["tree"])
    graph.add_edge("tree", "choose")
    graph.add_edge("choose", END)
    return graph.compile(name=name)


def tree(options: TreeOptions, *, greedy: bool) -> Graph:
    """One tree. A greedy one goes on from its best step alone."""
    samples = options.width if greedy else options.samples
    how = Stepping(
        Sampling(options.temperature, options.top_p, options.max_tokens), options.separator
    )
    keep = Keep(samples // options.width, samples, options.rounds, greedy, options.distinct)
    graph = StateGraph(Searching, context_schema=Context, output_schema=Found)
    graph.add_node("expand", Expand(samples, options.rounds, how))
    graph.add_node("score", Score(how, options.lookahead))
    graph.add_node("keep", keep)
    graph.add_node("gather", Gather())
    graph.add_edge(START, "expand")
    graph.add_edge("expand", "score")
    graph.add_edge("score", "keep")
    graph.add_conditional_edges("keep", after_keep)
    graph.add_edge("gather", END)
    return graph.compile(name="tree")
