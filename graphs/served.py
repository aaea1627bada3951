"""The graphs as a LangGraph server takes them (langgraph.json): made without arguments.

A request's input is `{"task": …}` with the mapping of a task file, its context the fields of
`Context` as strings, such as `{"model": "ollama/qwen2.5-coder:7b"}`.
"""

from .build import Graph
from .plan_search import plan_search
from .sampling import idea_search, repeated_sampling


def served_plan_search() -> Graph:
    """`plan_search("fast")`."""
    return plan_search()


def served_idea_search() -> Graph:
    """`idea_search("fast")`."""
    return idea_search()


def served_repeated_sampling() -> Graph:
    """`repeated_sampling("fast")`."""
    return repeated_sampling()
