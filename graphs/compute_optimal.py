"""Compute-optimal search: a few answers tell how hard the question is, and so how to go on.

Paper: "Scaling LLM Test-Time Compute Optimally", section 3 (arXiv 2408.03314).

    begin ── probe (s1, s2, …) ── decide ─┬─ best-of-n ──┬── choose
                                          ├─ beam-4 ─────┤
                                          └─ …           │
                                            nothing left ┘

Deviations from the paper: its 2048 samples that tell the difficulty are not counted, ours are few,
and counted; and as they are paid for, they are candidates, too. So a strategy gets what is left of
the budget, and chains of revisions are weighed answer by answer, with the others, and not chain by
chain.
"""

import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import Field
from typing_extensions import TypedDict

from ..errors import InputError
from ..nodes import Asked, Begin, Choose, Context, Decide, Solved, Strategy
from ..nodes.decide import NOTHING, PROBE
from ..nodes.policy import Chosen, Policy, read_policy
from ..settings import with_options
from ..tasks import CodeTask, MathTask
from .best_of_n import BEST_OF_N, BestOfNOptions, one_answer
from .build import Graph, Options
from .refine import PROFILES as REFINING
from .refine import RefineOptions, chain
from .sampler import batch, numbered
from .tree_search import LOOKAHEAD, TreeOptions, tree
from .tree_search import PROFILES as SEARCHING


class ComputeOptimalOptions(Options):
    """The knobs of `compute_optimal`."""

    policy: Path | None = None
    """The file that says which strategy is best for which difficulty (`ponder policy`)."""
    budget: int = Field(64, ge=1, le=100_000)
    """Generations, as the paper counts them, the probe's included."""
    probe: int = Field(8, ge=1, le=10_000)
    """Answers that tell how hard the question is."""


PROFILES: dict[str, dict[str, Any]] = {"paper": {"budget": 256}, "fast": {}}


class Search(TypedDict):
    """The whole search."""

    run: str
    candidates: Annotated[list[str], operator.add]
    strategy: str


class Found(TypedDict):
    """Answers' ids."""

    candidates: Annotated[list[str], operator.add]


class Spending(TypedDict):
    """One strategy at work."""

    run: str
    candidates: Annotated[list[str], operator.add]


def compute_optimal(profile: str = "fast", **overrides: Any) -> Graph:
    """Build compute-optimal search: a few answers, whose mean score tells how hard the question is;
    what is left of the budget goes to the strategy that a policy has for such questions; of all
    answers, that with the largest sum of scores among equal ones is chosen.

    Needs `Context(verifier=…)` that judges answers; where the policy has searches over steps, one
    that judges steps and a model that writes by them. The input is `{"task": task}` with a question
    (without such searches, a programming problem, too), the output `{"solution": Solution}`. What
    the probe cost is `usage_by_kind["probe"]`, what was decided the thought "difficulty".
    `overrides` are fields of `ComputeOptimalOptions`; `policy` is needed.

    Raises:
        InputError: an unknown profile or option, a value out of range, a policy that cannot be
            read or goes by what only a gold answer tells, or a budget smaller than the probe.
    """
    options = with_options(ComputeOptimalOptions, PROFILES, profile, overrides)
    policy, left = _policy(options), options.budget - options.probe
    if left < 0:
        raise InputError(
            f"option budget={options.budget} is less than probe={options.probe}, which is part of "
            f"it: set probe={max(1, options.budget // 2)}, or a larger budget"
        )
    spent = _strategies(policy, options.budget, left)
    steps = any(one.strategy.by_steps for one in spent.values())
    identity = {"budget": options.budget, "probe": options.probe, "policy": policy.to_json()}
    begin = Begin(
        "compute_optimal",
        identity,
        takes=(MathTask,) if steps else (CodeTask, MathTask),
        judged=True,
        by_steps=steps,
    )
    decide = Decide(policy, options.budget, left)
    sampling = _options(BestOfNOptions, BEST_OF_N, policy.sampling, {"samples": 1})
    return _graph(begin, options.probe, decide, spent, sampling)


def which(state: Search) -> str:
    """Where the rest of the budget goes."""
    return "choose" if state["strategy"] == NOTHING else state["strategy"]


def _policy(options: ComputeOptimalOptions) -> Policy:
    if options.policy is None:
        raise InputError(
            "compute_optimal needs a policy, as in policy=policy.json: `ponder sweep` and then "
            "`ponder policy` make one"
        )
    policy = read_policy(options.policy)
    if policy.by != "predicted":
        raise InputError(
            f"policy {options.policy}: its difficulty is by {policy.by}, which takes gold answers; "
            "make one with `ponder policy --difficulty predicted`"
        )
    return policy


def _strategies(policy: Policy, budget: int, left: int) -> dict[str, Chosen]:
    """All that might be chosen, by name; best-of-n, in case that one cannot do with what is
    left."""
    if not left:
        return {}
    known = policy.nearest(budget)
    choices = [policy.overall[known], *policy.choices.get(known, {}).values()]
    able = {one.strategy.name: one for one in choices if one.strategy.sizes(left) is not None}
    return {"best-of-n": Chosen(Strategy()), **able}


def _graph(
    begin: Begin, probe: int, decide: Decide, spent: dict[str, Chosen], sampling: BestOfNOptions
) -> Graph:
    def ask(state: Search) -> Sequence[Send]:
        numbers = numbered(1, probe)
        return [Send("probe", {"run": state["run"], "numbers": some}) for some in numbers]

    graph = StateGraph(Search, context_schema=Context, input_schema=Asked, output_schema=Solved)
    graph.add_node("begin", begin)
    graph.add_node("probe", batch(one_answer(sampling, kind=PROBE)))
    graph.add_node("decide", decide)
    graph.add_node("choose", Choose("weighted"))
    for name, chosen in spent.items():
        graph.add_node(name, _spend(chosen, sampling, probe, decide.left))
        graph.add_edge(name, "choose")
    graph.add_edge(START, "begin")
    graph.add_conditional_edges("begin", ask, ["probe"])
    graph.add_edge("probe", "decide")
    graph.add_conditional_edges("decide", which, ["choose", *spent])
    graph.add_edge("choose", END)
    return graph.compile(name="compute_optimal")


def _spend(chosen: Chosen, sampling: BestOfNOptions, probe: int, left: int) -> Graph:
    """A strategy that spends what is left. Best-of-n goes on where the probe ended, so that both
    together are best-of-n."""
    kind, sizes = chosen.strategy.kind, chosen.strategy.sizes(left)
    assert sizes is not None
    if kind == "best-of-n":
        sends = [{"numbers": some} for some in numbered(probe + 1, probe + left)]
        return _spending(kind, batch(one_answer(sampling)), sends)
    if kind == "revisions":
        refining = _options(RefineOptions, REFINING, chosen, sizes)
        paths = [{"path": f"c{number}"} for number in range(1, refining.chains + 1)]
        return _spending(kind, chain(refining), paths)
    profiles = LOOKAHEAD if kind == "lookahead" else SEARCHING
    searching = _options(TreeOptions, profiles, chosen, sizes)
    return _spending(kind, tree(searching, greedy=False), [{"path": "tree"}])


def _spending(name: str, work: Graph, places: Sequence[dict[str, Any]]) -> Graph:
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(
        Spending, context_schema=Context, output_schema=Found
    )
    graph.add_node("work", work)
    graph.add_conditional_edges(START, _fan_out(places), ["work"])
    graph.add_edge("work", END)
    return graph.compile(name=name)


def _fan_out(places: Sequence[dict[str, Any]]) -> Callable[[Spending], Sequence[Send]]:
    def route(state: Spending) -> Sequence[Send]:
        return [Send("work", {"run": state["run"], **place}) for place in places]

    return route


def _options(kind: Any, profiles: Any, chosen: Chosen, sizes: dict[str, int]) -> Any:
    """Those of a graph, as the policy has them, with the sizes that the budget allows.

    Raises:
        InputError: the policy has an option that the graph has not.
    """
    try:
        return with_options(kind, profiles, chosen.profile, {**chosen.options, **sizes})
    except InputError as error:
        raise InputError(f"the policy's {chosen.strategy.name}: {error}") from None
