"""PURE (Cheng et al., 2504.15275): jinachris/PURE-PRM-7B, a token classifier."""

from dataclasses import replace

from .readout import Difference
from .token_classification import TOKEN_CLASSIFICATION

PURE = replace(
    TOKEN_CLASSIFICATION, name="pure", readout=Difference(), aggregate="min", bos="never"
)
"""As TRL's, without a bos: p(positive) − p(negative) of each step. A solution has the smallest, to
which the paper's sum, weighted by softmax(−score / 0.1), is a differentiable approximation."""
