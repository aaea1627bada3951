"""State machines of thought. Each is a function that builds a LangGraph graph."""

from .build import Graph
from .checkpoints import serializer, sqlite_checkpointer
from .plan_search import PlanSearchOptions, plan_search
from .refine import RefineOptions, propose_verify_refine
from .sampling import SamplingOptions, idea_search, repeated_sampling

__all__ = [
    "Graph",
    "PlanSearchOptions",
    "RefineOptions",
    "SamplingOptions",
    "idea_search",
    "plan_search",
    "propose_verify_refine",
    "repeated_sampling",
    "serializer",
    "sqlite_checkpointer",
]
