"""Numbers of an evaluation, with their intervals. Pure: records in, numbers out."""

from .bootstrap import Interval, bootstrap_mean, bootstrap_ratio
from .paired import Paired, paired_difference
from .pass_at_k import ks_for, pass_at_k

__all__ = [
    "Interval",
    "Paired",
    "bootstrap_mean",
    "bootstrap_ratio",
    "ks_for",
    "paired_difference",
    "pass_at_k",
]
