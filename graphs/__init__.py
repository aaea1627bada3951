"""State machines of thought. Each is a function that builds a LangGraph graph."""

from collections.abc import Mapping

from .best_of_n import BestOfNOptions, best_of_n, majority, self_consistency
from .build import Graph, Options
from .checkpoints import checkpointer, postgres_checkpointer, serializer, sqlite_checkpointer
from .compute_optimal import ComputeOptimalOptions, compute_optimal
from .plan_search import PlanSearchOptions, plan_search
from .refine import RefineOptions, propose_verify_refine
from .reflect import ReflectOptions, reflect
from .rollouts import RolloutOptions, rollouts
from .sampling import SamplingOptions, idea_search, repeated_sampling
from .tree_search import TreeOptions, beam_search, dvts, lookahead_search

OPTIONS: Mapping[str, type[Options]] = {
    "plan_search": PlanSearchOptions,
    "idea_search": SamplingOptions,
    "repeated_sampling": SamplingOptions,
    "best_of_n": BestOfNOptions,
    "majority": BestOfNOptions,
    "self_consistency": BestOfNOptions,
    "beam_search": TreeOptions,
    "lookahead_search": TreeOptions,
    "dvts": TreeOptions,
    "propose_verify_refine": RefineOptions,
    "rollouts": RolloutOptions,
    "compute_optimal": ComputeOptimalOptions,
    "reflect": ReflectOptions,
}
"""The options of each graph, by its builder."""

__all__ = [
    "OPTIONS",
    "BestOfNOptions",
    "ComputeOptimalOptions",
    "Graph",
    "Options",
    "PlanSearchOptions",
    "RefineOptions",
    "ReflectOptions",
    "RolloutOptions",
    "SamplingOptions",
    "TreeOptions",
    "beam_search",
    "best_of_n",
    "checkpointer",
    "compute_optimal",
    "dvts",
    "idea_search",
    "lookahead_search",
    "majority",
    "plan_search",
    "postgres_checkpointer",
    "propose_verify_refine",
    "reflect",
    "repeated_sampling",
    "rollouts",
    "self_consistency",
    "serializer",
    "sqlite_checkpointer",
]
