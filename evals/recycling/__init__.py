"""Instruction data that a teacher rewrites and a student chooses among."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .folder import RECYCLED, opened, survivors
    from .recycler import recycled_row
    from .summary import RecycleSummary, conclude

__all__ = ["RECYCLED", "RecycleSummary", "conclude", "opened", "recycled_row", "survivors"]
HOME = {
    **dict.fromkeys(["RECYCLED", "opened", "survivors"], "folder"),
    "recycled_row": "recycler",
    **dict.fromkeys(["RecycleSummary", "conclude"], "summary"),
}
"""The file of each name."""


def __getattr__(name: str) -> Any:
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOME[name]}", __name__), name)
