"""The settings of a fit, and what the papers say of them."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..settings import with_options
from ..verifiers.aggregation import Aggregate

Best = Literal["last", "after", "loss", "best_of_n", "f1", "ece", "brier"]
HIGHER = frozenset({"best_of_n", "f1"})
"""Of which more is better."""


class FitOptions(BaseModel):
    """How a model is fitted. Unknown settings are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    epochs: int = Field(1, ge=1)
    """Passes over the data at most."""
    lr: float = Field(1e-5, gt=0, lt=1)
    """The learning rate of AdamW."""
    batch: int = Field(128, ge=1)
    """Solutions in a step of the optimiser."""
    rows: int | None = Field(None, ge=1)
    """Solutions in a pass through the model, a divisor of `batch`; as many as `pass_tokens` holds
    if not given. What is left of a batch is accumulated, with the same gradient."""
    pass_tokens: int = Field(16384, ge=1)
    """Tokens in a pass, padding included, where `rows` is not given."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Of every kind that the model's config has a rate for, and of the head's input."""
    betas: tuple[float, float] = (0.9, 0.999)
    """AdamW's."""
    weight_decay: float = Field(0.0, ge=0)
    """AdamW's."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    """What the learning rate does after the warmup."""
    warmup: float = Field(0.0, ge=0, lt=1)
    """The share of all steps in which the learning rate rises from 0."""
    clip: float = Field(1.0, ge=0)
    """The gradient's norm at most; 0 does not clip."""
    validation: float = Field(0.0, ge=0, le=0.5)
    """The share of questions kept for validation, where no validation data are given."""
    best: Best | None = None
    """Which measure chooses the weights that are kept, or "last"; if not given, the loss where
    there are validation data, else the last. "after" ends the fit at the first evaluation that has
    no lower loss, and keeps the weights that it has then."""
    patience: int | None = Field(None, ge=1)
    """Ends after so many evaluations without a better one; never if not given, or if the last
    weights are kept."""
    every: int | None = Field(None, ge=1)
    """Steps between evaluations, and checkpoints; each epoch if not given."""
    max_length: int | None = Field(None, ge=1)
    """Tokens of a solution at most, where that is less than the model takes. Longer ones are
    refused, or left out and counted; nothing is ever cut."""
    checkpoints: bool = True
    """Whether a fit that was killed can go on from where it was."""
    lora: int = Field(0, ge=0)
    """The rank of LoRA's matrices, in every linear layer of the base model; 0 fits all weights."""
    lora_alpha: float | None = Field(None, gt=0)
    """LoRA's scale times its rank; twice the rank if not given."""
    gradient_checkpointing: bool = False
    """Whether layers are computed again in the backward pass, for less memory."""
    device: str | None = Field(None, pattern=r"^(cpu|cuda)$")
    """Where it is done; cuda if there is one, if not given."""
    seed: int = Field(0, ge=0)
    """Of the head's first weights, the order of the data, dropout and the validation split."""

    @field_validator("betas", "words", mode="before", check_fields=False)
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(value.split(",")) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _rows_divide(self) -> "FitOptions":
        if self.rows is not None and self.batch % self.rows:
            raise ValueError(f"rows={self.rows} must divide batch={self.batch}")
        return self


class RewardOptions(FitOptions):
    """How a reward model is fitted."""

    aggregate: Aggregate | None = None
    """How the fitted model sums a solution's steps up; the format's way if not given."""
    neutral: Literal["positive", "negative"] = "positive"
    """What a neutral step counts as, where the head has no neutral class, and when scores are read
    where it has (2305.20050, section 2.6)."""


class PRMOptions(RewardOptions):
    """How a process reward model is fitted."""

    format: Literal["trl", "ratings", "math-shepherd", "rlhflow"] = "trl"
    """How solutions are written and read: "trl" has a head of its own, the others read label words
    from the language model's."""
    outputs: Literal[1, 2, 3] = 2
    """Of "trl" alone: 1 is p(right) by binary cross-entropy, 2 and 3 are classes."""
    words: tuple[str, ...] | None = None
    """The label words, one token each, of formats that read them: positive and negative, or
    positive, neutral and negative; the format's own if not given."""
    over: Literal["vocabulary", "words"] = "vocabulary"
    """What a label word's likelihood is a share of."""


class ORMOptions(RewardOptions):
    """How an outcome reward model is fitted."""

    format: Literal["classifier", "value"] = "classifier"
    """"classifier": a sequence classifier of transformers; "value": a causal model with a value
    head beside it."""
    at: Literal["every", "last"] = "every"
    """Whether every token of the solution learns the outcome, or the last alone."""
    join: str = "\n\n"
    """What stands between steps where a solution's text is put together: as in the texts that the
    model will judge."""
    chat: bool | None = None
    """Whether problem and solution are turns of a chat; if not given, where the tokenizer has a
    template for it, and never with "value"."""


class RevisionOptions(FitOptions):
    """How a model is fitted to revise its answers. The defaults are those of 2408.03314, appendix
    H; its checkpoint is the one "slightly after" the validation loss begins to rise."""

    epochs: int = Field(10, ge=1)
    """Passes over the data at most; the paper does not say."""
    betas: tuple[float, float] = (0.9, 0.95)
    """AdamW's."""
    validation: float = Field(0.1, ge=0, le=0.5)
    """The share of questions kept for validation, where no validation data are given."""
    best: Literal["last", "after", "loss"] | None = "after"
    """As of every fit; what it writes has no scores to be measured by."""
    context: int = Field(4, ge=0)
    """Wrong answers before a right one at most."""


PRM_PROFILES: Mapping[str, Mapping[str, Any]] = {
    "paper-a": {"format": "ratings", "epochs": 2, "best": "last", "aggregate": "product"},
    "paper-b": {
        "format": "trl", "outputs": 1, "epochs": 10, "lr": 3e-5, "batch": 128, "dropout": 0.05,
        "betas": (0.9, 0.95), "validation": 0.1, "patience": 2, "aggregate": "last",
    },
}  # fmt: skip
"""paper-a is 2305.20050, whose learning rate is "low" and not given (here 1e-5), nor its batch.
paper-b is 2408.03314, appendix D, which stops at the lowest validation loss; after how many epochs
without a better one it does not say (here 2 of at most 10). Schedule, warmup and clipping are ours
in both."""
ORM_PROFILES: Mapping[str, Mapping[str, Any]] = {
    "paper-a": {"epochs": 1, "best": "last", "dropout": 0.0, "at": "every"},
    "paper-b": {
        "epochs": 10, "lr": 3e-5, "batch": 128, "dropout": 0.05, "betas": (0.9, 0.95),
        "validation": 0.1, "patience": 2,
    },
}  # fmt: skip
"""paper-a is 2305.20050, appendix E, without a joint language modelling loss; paper-b is that of
2408.03314's revisions (section 6.1), whose details are said to be its process model's."""


def prm_options(profile: str = "paper-b", **overrides: Any) -> PRMOptions:
    """A profile for process reward models with some settings replaced.

    Raises:
        InputError: an unknown profile or setting, or a value that cannot be.
    """
    return with_options(PRMOptions, PRM_PROFILES, profile, overrides, what="setting")


def orm_options(profile: str = "paper-a", **overrides: Any) -> ORMOptions:
    """A profile for outcome reward models with some settings replaced; raises as `prm_options`."""
    return with_options(ORMOptions, ORM_PROFILES, profile, overrides, what="setting")


def revision_options(**settings: Any) -> RevisionOptions:
    """The paper's settings with some replaced; raises as `prm_options`."""
    return with_options(RevisionOptions, {"paper-b": {}}, "paper-b", settings, what="setting")
