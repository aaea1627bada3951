"""The settings of a student's fit, and what the papers say of them."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from ...models.pauses import PAUSE
from ...settings import with_options
from ..fit_options import FitOptions


class TextOptions(FitOptions):
    """How a language model is fitted, to whatever texts."""

    best: Literal["last", "after", "loss"] | None = None
    """Which weights are kept: the last, those after which the validation loss first rises, or those
    of the lowest; if not given, the lowest where there are validation data."""
    pause_token: str = PAUSE
    """What the pause token is called, where the base model has none."""
    dtype: Literal["float32", "bfloat16"] | None = None
    """With LoRA, what the base model's weights are held in, and the fitted model's: bfloat16 on a
    GPU and float32 elsewhere, if not given. What is fitted is float32."""

    @model_validator(mode="after")
    def _fitted_is_exact(self) -> "TextOptions":
        if self.dtype == "bfloat16" and not self.lora:
            raise ValueError("dtype=bfloat16 needs lora: weights that are fitted are float32")
        return self


class StudentOptions(TextOptions):
    """How a student is finetuned."""

    epochs: int = Field(3, ge=1)
    """Passes over the data at most."""
    lr: float = Field(2e-5, gt=0, lt=1)
    """The learning rate of AdamW."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    """What the learning rate does after the warmup."""
    warmup: float = Field(0.03, ge=0, lt=1)
    """The share of all steps in which the learning rate rises from 0."""
    max_length: int | None = Field(2048, ge=2)
    """Tokens of a row at most. The prompt is cut at its beginning; an answer that does not fit is
    refused, or left out and counted."""
    template: Literal["vicuna", "wiz", "alpaca", "plain", "chat"] = "vicuna"
    """What an instruction is put into, and what the fitted model will be asked in: "chat" is the
    tokenizer's own template, the others take its place."""
    pauses: int = Field(0, ge=0, le=1000)
    """M: pause tokens between prompt and answer (2310.02226 has 10 or 50). Of a conversation with
    several turns, the last answer alone is learnt then."""
    prefix_lm: bool = False
    """Whether prompt and pauses see each other both ways, as in 2310.02226; what transformers calls
    a decoder is causal."""

    @model_validator(mode="after")
    def _prefix_is_one(self) -> "StudentOptions":
        if self.prefix_lm and self.gradient_checkpointing:
            raise ValueError("prefix_lm=true: leave gradient_checkpointing out")
        return self


class PretrainOptions(TextOptions):
    """How a model is pretrained, or goes on to be."""

    lr: float = Field(1e-4, gt=0, lt=1)
    """The learning rate of AdamW."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    """What the learning rate does after the warmup."""
    warmup: float = Field(0.01, ge=0, lt=1)
    """The share of all steps in which the learning rate rises from 0."""
    length: int = Field(2048, ge=8)
    """Tokens of a row: texts are put end to end, and cut to it."""
    pauses: float = Field(0.0, ge=0, le=0.9)
    """Pause tokens inserted at random places, as a share of a row's length (2310.02226 has 0.1).
    The row is cut back to its length, so there are fewer real tokens."""
    validation: float = Field(0.0, ge=0, le=0.5)
    """The share of rows kept for validation, where no validation texts are given."""

    @model_validator(mode="after")
    def _length_is_one(self) -> "PretrainOptions":
        if self.max_length is not None:
            raise ValueError("max_length: rows are of one length; say length instead")
        return self


PROFILES: Mapping[str, Mapping[str, Any]] = {
    "paper-7b": {},
    "paper-13b": {"lr": 1e-5},
    "small": {"lr": 2e-4, "batch": 16, "max_length": 1024},
}
"""paper-7b and paper-13b are 2402.10110, appendix D (batch 128, 3 epochs, length 2048, warmup 0.03,
no weight decay; its README has 2e-5 for 13B, too; the schedule is FastChat's). small is ours, for
models of under a billion weights."""


def student_options(profile: str = "paper-7b", **overrides: Any) -> StudentOptions:
    """A profile with some settings replaced.

    Raises:
        InputError: an unknown profile or setting, or a value that cannot be.
    """
    return with_options(StudentOptions, PROFILES, profile, overrides, what="setting")


def pretrain_options(**settings: Any) -> PretrainOptions:
    """The defaults with some settings replaced; raises as `student_options`."""
    return with_options(PretrainOptions, {"": {}}, "", settings, what="setting")
