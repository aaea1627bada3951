"""Many tasks: runner, metrics, formats, report. Names are loaded when they are asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .folder import About, RunFolder, read_results
    from .results import Result, Sample
    from .runner import Arm, evaluate
    from .spec import Spec
    from .summary import Summary, summarise, summarise_run
    from .versus import Comparison, compare

__all__ = [
    "About",
    "Arm",
    "Comparison",
    "Result",
    "RunFolder",
    "Sample",
    "Spec",
    "Summary",
    "compare",
    "evaluate",
    "read_results",
    "summarise",
    "summarise_run",
]
HOME = {
    **dict.fromkeys(["About", "RunFolder", "read_results"], "folder"),
    **dict.fromkeys(["Result", "Sample"], "results"),
    **dict.fromkeys(["Arm", "evaluate"], "runner"),
    **dict.fromkeys(["Spec"], "spec"),
    **dict.fromkeys(["Summary", "summarise", "summarise_run"], "summary"),
    **dict.fromkeys(["Comparison", "compare"], "versus"),
}
"""The file of each name."""


def __getattr__(name: str) -> Any:
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOME[name]}", __name__), name)
