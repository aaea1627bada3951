"""Who judges."""

from .base import StepVerifier, Verdict, Verifier
from .scripted import ScriptedVerifier
from .tests import HiddenTests, PublicTests, complete, run_tests

__all__ = [
    "HiddenTests",
    "PublicTests",
    "ScriptedVerifier",
    "StepVerifier",
    "Verdict",
    "Verifier",
    "complete",
    "run_tests",
]
