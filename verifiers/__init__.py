"""Who judges."""

from .aggregate import aggregate
from .answer import AnswerGrade
from .base import StepVerifier, Verdict, Verifier
from .estimate import Estimate, Sample, estimate
from .tests import HiddenTests, PublicTests, complete, run_tests
from .votes import Ballot, ballots, best_of_n, flat, hierarchical, majority, sweep, weighted

__all__ = [
    "AnswerGrade",
    "Ballot",
    "Estimate",
    "HiddenTests",
    "PublicTests",
    "Sample",
    "StepVerifier",
    "Verdict",
    "Verifier",
    "aggregate",
    "ballots",
    "best_of_n",
    "complete",
    "estimate",
    "flat",
    "hierarchical",
    "majority",
    "run_tests",
    "sweep",
    "weighted",
]
