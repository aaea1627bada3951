"""From the words by which a user names a graph and its models to the things themselves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from ..graphs import Graph
    from ..models import Model

GRAPHS = {
    "plan-search": "plan_search",
    "idea-search": "idea_search",
    "repeated-sampling": "repeated_sampling",
    "best-of-n": "best_of_n",
    "majority": "majority",
    "self-consistency": "self_consistency",
    "beam-search": "beam_search",
    "lookahead-search": "lookahead_search",
    "dvts": "dvts",
    "refine": "propose_verify_refine",
    "compute-optimal": "compute_optimal",
}
"""What a user calls each graph, and its builder."""
LABELLING = {"rollouts": "rollouts", "reflect": "reflect"}
"""Those that are no way to answer, and so not offered as one: what they wrote is for training."""
IN_PROCESS = "transformers/"
"""Models that no call is sent to: there is nothing to retry, and no limit on how many at once."""


def build_graph(name: str, profile: str, options: Mapping[str, Any]) -> "Graph":
    """The graph of that name.

    Raises:
        InputError: there is no such graph, profile or option, or it cannot have that value.
    """
    from .. import graphs

    known = {**GRAPHS, **LABELLING}
    if name not in known:
        raise InputError(f"graph {name!r} is not one of {', '.join(GRAPHS)}")
    built: Graph = getattr(graphs, known[name])(profile, **options)
    return built


def read_options(options: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE, each, as a mapping; the value "none" is None.

    Raises:
        InputError: one is not of that form.
    """
    return dict(map(_option, options))


def _option(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"option {text!r} must be NAME=VALUE, as in layers=1")
    return name.strip().replace("-", "_"), None if value.strip() == "none" else value.strip()


def refuse_idle_judge(judge: str | None, verifier: str | None) -> None:
    """A judge is asked only where the verifier is one.

    Raises:
        InputError: it is not.
    """
    if judge is not None and (verifier or "").partition(",")[0] != "judge":
        raise InputError(f"--judge {judge} goes with --verifier judge")


def connect_models(
    names: Mapping[str, str | None], api_base: str | None, **calls: Any
) -> dict[str, "Model"]:
    """The model of each role that has a name. `api_base` is for those that are served elsewhere.

    Raises:
        InputError: an `api_base` that none of them is served at.
    """
    from ..models import connect

    named = {role: name for role, name in names.items() if name is not None}
    local = {role for role, name in named.items() if name.startswith(("embedded/", IN_PROCESS))}
    if api_base is not None and len(local) == len(named):
        raise InputError(
            f"--api-base {api_base}: {' and '.join(named.values())} run in this process"
        )
    if api_base is not None and "," in api_base:
        raise InputError(f"--api-base {api_base}: several endpoints go with --cluster")
    served = {} if api_base is None else {"api_base": api_base}
    connected: dict[str, Model] = {}
    for role, name in named.items():
        known = [other for other in connected if named[other] == name]
        options = {} if name.startswith(IN_PROCESS) else calls
        options = options if role in local else {**options, **served}
        connected[role] = connected[known[0]] if known else connect(name, **options)
    return connected
