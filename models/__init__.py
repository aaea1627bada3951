"""Who answers: models, what they may cost, and the store that keeps what they said."""

from typing import TYPE_CHECKING, Any

from .base import (
    Choice,
    ChoosingModel,
    Completion,
    Message,
    Model,
    ScoringModel,
    Step,
    StepModel,
    Usage,
)
from .budget import Budget
from .callbacks import use_callbacks
from .connect import connect
from .scripted import ScriptedModel
from .store import Store

if TYPE_CHECKING:
    from .embedded import EmbeddedModel
    from .litellm_model import LiteLLMModel, disconnect
    from .transformers_model import TransformersModel

__all__ = [
    "Budget",
    "Choice",
    "ChoosingModel",
    "Completion",
    "EmbeddedModel",
    "LiteLLMModel",
    "Message",
    "Model",
    "ScoringModel",
    "ScriptedModel",
    "Step",
    "StepModel",
    "Store",
    "TransformersModel",
    "Usage",
    "connect",
    "disconnect",
    "use_callbacks",
]


def __getattr__(name: str) -> Any:
    if name in ("LiteLLMModel", "disconnect"):
        from . import litellm_model

        return getattr(litellm_model, name)
    if name == "EmbeddedModel":
        from .embedded import EmbeddedModel

        return EmbeddedModel
    if name == "TransformersModel":
        from .transformers_model import TransformersModel

        return TransformersModel
    raise AttributeError(name)
