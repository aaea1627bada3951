"""The end of a branch: what it found."""

from dataclasses import dataclass
from typing import NotRequired

from typing_extensions import TypedDict

from .context import Runtime


class Finished(TypedDict):
    """A tree's answers."""

    finished: NotRequired[list[str]]


@dataclass(frozen=True)
class Gather:
    """Reports a tree's answers to the whole search."""

    async def __call__(self, state: Finished, runtime: Runtime) -> dict[str, list[str]]:
        """The candidates."""
        return {"candidates": state.get("finished", [])}


class Unjudged(TypedDict):
    """A whole answer, by its thought's id."""

    answer: str


@dataclass(frozen=True)
class Submit:
    """Reports one answer to the whole search, without having it judged."""

    async def __call__(self, state: Unjudged, runtime: Runtime) -> dict[str, list[str]]:
        """The candidate."""
        return {"candidates": [state["answer"]]}
