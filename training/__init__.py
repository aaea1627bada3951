"""Fitting verifiers and students.

Importing this loads neither torch nor transformers; asking for what fits a model does.
"""

from typing import TYPE_CHECKING, Any

from .active import Chosen, choose, uniform
from .bad import Bad
from .efficiency import DataEfficiency, Line, Run, best_fit, data_efficiency
from .examples import Example, Target, read_examples, to_row
from .fit_options import (
    FitOptions,
    ORMOptions,
    PRMOptions,
    RevisionOptions,
    orm_options,
    prm_options,
    revision_options,
)
from .instructions import Conversation, Turn, read_conversations
from .student.options import PretrainOptions, StudentOptions, pretrain_options, student_options
from .student.texts import read_texts

if TYPE_CHECKING:
    from .fitting import Fitted
    from .orm import fit_orm
    from .prm import fit_prm
    from .revision.fit import fit_revision
    from .student.begin import Begin
    from .student.fit import fit_student, pretrain

__all__ = [
    "Bad",
    "Begin",
    "Chosen",
    "Conversation",
    "DataEfficiency",
    "Example",
    "FitOptions",
    "Fitted",
    "Line",
    "ORMOptions",
    "PRMOptions",
    "PretrainOptions",
    "RevisionOptions",
    "Run",
    "StudentOptions",
    "Target",
    "Turn",
    "best_fit",
    "choose",
    "data_efficiency",
    "fit_orm",
    "fit_prm",
    "fit_revision",
    "fit_student",
    "orm_options",
    "pretrain",
    "pretrain_options",
    "prm_options",
    "read_conversations",
    "read_examples",
    "read_texts",
    "revision_options",
    "student_options",
    "to_row",
    "uniform",
]

_FILES = {
    "Begin": "student.begin",
    "Fitted": "fitting",
    "fit_orm": "orm",
    "fit_prm": "prm",
    "fit_revision": "revision.fit",
    "fit_student": "student.fit",
    "pretrain": "student.fit",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(name)
    from importlib import import_module

    from ..models.local import require_torch

    require_torch()
    if _FILES[name] == "student.fit":
        from .student import require_trl

        require_trl()
    return getattr(import_module(f".{_FILES[name]}", __name__), name)
