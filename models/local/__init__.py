"""Models that torch holds in this process: one engine that reads, generates and scores.

Importing this loads neither torch nor transformers; asking for a name does, but for those of
source.py.
"""

from typing import TYPE_CHECKING, Any

from .source import Source, find, require_torch

if TYPE_CHECKING:
    from .decoder import Counters, Decoder
    from .generate import Generator, generator
    from .loading import Loaded, load

__all__ = [
    "Counters",
    "Decoder",
    "Generator",
    "Loaded",
    "Source",
    "find",
    "generator",
    "load",
    "require_torch",
]

_FILES = {
    "Counters": "decoder",
    "Decoder": "decoder",
    "Generator": "generate",
    "Loaded": "loading",
    "generator": "generate",
    "load": "loading",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(name)
    from importlib import import_module

    require_torch()
    return getattr(import_module(f".{_FILES[name]}", __name__), name)
