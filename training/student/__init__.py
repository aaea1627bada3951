"""Finetuning a student on instruction data, and pretraining on texts: with pauses, or without."""

from importlib import import_module

from ...errors import MissingError


def require_trl() -> None:
    """Raises:
    MissingError: TRL or datasets is not installed; says how to get them.
    """
    for library in ("trl", "datasets"):
        try:
            import_module(library)
        except ImportError:
            raise MissingError(
                f"fitting language models needs {library}: pip install 'ponder[train]'"
            ) from None
