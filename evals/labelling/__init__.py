"""Solutions with labels, made by a model and graded here. Names are loaded when they are asked
for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .folder import LABELS, opened
    from .labeller import Labeller
    from .questions import refuse_unfit
    from .summary import LabelSummary, summarise_labels
    from .targets import Value

__all__ = [
    "LABELS",
    "LabelSummary",
    "Labeller",
    "Value",
    "opened",
    "refuse_unfit",
    "summarise_labels",
]
HOME = {
    **dict.fromkeys(["LABELS", "opened"], "folder"),
    "Labeller": "labeller",
    "refuse_unfit": "questions",
    **dict.fromkeys(["LabelSummary", "summarise_labels"], "summary"),
    "Value": "targets",
}
"""The file of each name."""


def __getattr__(name: str) -> Any:
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOME[name]}", __name__), name)
