"""Who judges."""

from .base import StepVerifier, Verdict, Verifier
from .tests import HiddenTests, PublicTests, complete, run_tests

__all__ = [
    "HiddenTests",
    "PublicTests",
    "StepVerifier",
    "Verdict",
    "Verifier",
    "complete",
    "run_tests",
]
