"""The graphs as a LangGraph server takes them (langgraph.json): made without arguments.

A request's input is `{"task": …}` with the mapping of a task file, its context the fields of
`Context` as strings, such as `{"model": "ollama/qwen2.5-coder:7b", "verifier": "judge"}`.
"""

from .best_of_n import best_of_n, majority
from .build import Graph
from .plan_search import plan_search
from .refine import propose_verify_refine
from .sampling import idea_search, repeated_sampling
from .tree_search import beam_search


def served_plan_search() -> Graph:
    """`plan_search("fast")`."""
    return plan_search()


def served_idea_search() -> Graph:
    """`idea_search("fast")`."""
    return idea_search()


def served_repeated_sampling() -> Graph:
    """`repeated_sampling("fast")`."""
    return repeated_sampling()


def served_best_of_n() -> Graph:
    """`best_of_n("fast")`."""
    return best_of_n()


def served_majority() -> Graph:
    """`majority("fast")`."""
    return majority()


def served_beam_search() -> Graph:
    """`beam_search("fast")`."""
    return beam_search()


def served_propose_verify_refine() -> Graph:
    """`propose_verify_refine("fast")`."""
    return propose_verify_refine()
