"""What the graph builders share: the kind of their options, and the shape of a built graph."""

from typing import Any

from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel, ConfigDict

from ..nodes import Context

Graph = CompiledStateGraph[Any, Context, Any, Any]


class Options(BaseModel):
    """The knobs of a graph. Unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
