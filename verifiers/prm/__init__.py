"""Process and outcome reward models: their formats, and how they are held and asked."""

from .format import Format, Layers, Rendered, Words
from .outcome import Outcome
from .qwen_math import QwenMath
from .readout import Difference, Raw, Readout, Share, Sigmoid
from .reason_eval import ReasonEval
from .registry import OUTCOME, PROCESS, adjusted, find_format
from .reward_model import OutcomeModel, RewardModel
from .rlhflow import RLHFlow, RLHFlowORM
from .scorer import Scorer
from .tagged import Tagged
from .tokens import Tokens

__all__ = [
    "OUTCOME",
    "PROCESS",
    "Difference",
    "Format",
    "Layers",
    "Outcome",
    "OutcomeModel",
    "QwenMath",
    "RLHFlow",
    "RLHFlowORM",
    "Raw",
    "Readout",
    "ReasonEval",
    "Rendered",
    "RewardModel",
    "Scorer",
    "Share",
    "Sigmoid",
    "Tagged",
    "Tokens",
    "Words",
    "adjusted",
    "find_format",
]
