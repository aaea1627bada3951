"""What the graph builders share: options with profiles, and the shape of a built graph."""

from collections.abc import Mapping
from typing import Any, TypeVar

from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import InputError
from ..nodes import Context

Graph = CompiledStateGraph[Any, Context, Any, Any]


class Options(BaseModel):
    """The knobs of a graph. Unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


T = TypeVar("T", bound=Options)


def with_options(
    kind: type[T],
    profiles: Mapping[str, Mapping[str, Any]],
    profile: str,
    overrides: Mapping[str, Any],
) -> T:
    """A profile with some fields replaced.

    Raises:
        InputError: an unknown profile or option, or a value out of range.
    """
    if profile not in profiles:
        raise InputError(f"profile {profile!r} is not one of {', '.join(profiles)}")
    try:
        return kind(**{**profiles[profile], **overrides})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if not name:  # of several together
            raise InputError(f"option {first['msg'].removeprefix('Value error, ')}") from None
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields)
            raise InputError(f"option {name!r} is not one of {known}") from None
        raise InputError(f"option {name}={first['input']!r}: {first['msg']}") from None
