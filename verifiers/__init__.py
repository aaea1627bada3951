"""Who judges."""

from .aggregation import Aggregate, aggregate
from .answer import AnswerGrade
from .base import Configured, Keyed, Preparable, Priced, StepVerifier, Verdict, Verifier
from .connect import connect_verifier
from .estimate import Estimate, Sample, estimate
from .judge_model import JudgeModel
from .prm import OutcomeModel, RewardModel
from .scripted import ScriptedStudent, ScriptedVerifier
from .steps import split_steps
from .tests import HiddenTests, PublicTests, Suites, complete, run_tests
from .votes import Ballot, ballots, best_of_n, flat, hierarchical, majority, sweep, weighted

__all__ = [
    "Aggregate",
    "AnswerGrade",
    "Ballot",
    "Configured",
    "Estimate",
    "HiddenTests",
    "JudgeModel",
    "Keyed",
    "OutcomeModel",
    "Preparable",
    "Priced",
    "PublicTests",
    "RewardModel",
    "Sample",
    "ScriptedStudent",
    "ScriptedVerifier",
    "StepVerifier",
    "Suites",
    "Verdict",
    "Verifier",
    "aggregate",
    "ballots",
    "best_of_n",
    "complete",
    "connect_verifier",
    "estimate",
    "flat",
    "hierarchical",
    "majority",
    "run_tests",
    "split_steps",
    "sweep",
    "weighted",
]
