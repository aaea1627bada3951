"""Fitting verifiers and students."""

from .bad import Bad
from .examples import Example, Target, read_examples, to_row

__all__ = ["Bad", "Example", "Target", "read_examples", "to_row"]
