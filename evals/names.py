"""What runs are called."""

import re
from collections.abc import Sequence

from .spec import Spec


def name_of(spec: Spec) -> str:
    """What a run is called, in tables and as a folder: GRAPH@MODEL."""
    graph = spec.graph if spec.profile == "fast" else f"{spec.graph}-{spec.profile}"
    return f"{graph}@{model_name(spec)}"


def model_name(spec: Spec) -> str:
    """The last part of its model's name."""
    model = spec.model.rstrip("/").rpartition("/")[2].removesuffix(".gguf")
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", model)


def short_names(names: Sequence[str]) -> tuple[list[str], str]:
    """The names of runs without what they all have in common, and that: of graphs with one model
    the graphs, of one graph with several models the models."""
    parts = [name.partition("@") for name in names]
    graphs, models = ({part[at] for part in parts} for at in (0, 2))
    if len(names) < 2 or not all(part[1] for part in parts):
        return list(names), ""
    if len(models) == 1 and len(graphs) == len(names):
        return [part[0] for part in parts], models.pop()
    if len(graphs) == 1 and len(models) == len(names):
        return [part[2] for part in parts], graphs.pop()
    return list(names), ""
