"""Who judges."""

from .aggregation import Aggregate, aggregate
from .base import StepVerifier, Verdict, Verifier
from .connect import connect_verifier
from .judge_model import JudgeModel
from .prm import OutcomeModel, RewardModel
from .scripted import ScriptedVerifier
from .steps import split_steps
from .tests import HiddenTests, PublicTests, complete, run_tests

__all__ = [
    "Aggregate",
    "HiddenTests",
    "JudgeModel",
    "OutcomeModel",
    "PublicTests",
    "RewardModel",
    "ScriptedVerifier",
    "StepVerifier",
    "Verdict",
    "Verifier",
    "aggregate",
    "complete",
    "connect_verifier",
    "run_tests",
    "split_steps",
]
