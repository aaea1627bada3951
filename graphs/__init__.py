"""State machines of thought. Each is a function that builds a LangGraph graph."""

from .build import Graph
from .checkpoints import serializer, sqlite_checkpointer
from .plan_search import PlanSearchOptions, plan_search
from .sampling import SamplingOptions, idea_search, repeated_sampling

__all__ = [
    "Graph",
    "PlanSearchOptions",
    "SamplingOptions",
    "idea_search",
    "plan_search",
    "repeated_sampling",
    "serializer",
    "sqlite_checkpointer",
]
