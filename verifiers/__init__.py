"""Who judges."""

from .base import Verdict, Verifier
from .tests import HiddenTests, PublicTests, complete, run_tests

__all__ = ["HiddenTests", "PublicTests", "Verdict", "Verifier", "complete", "run_tests"]
