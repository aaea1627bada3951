"""Many tasks on many machines, over Ray."""

from .evaluate import evaluate_on_cluster

__all__ = ["evaluate_on_cluster"]
