"""Repeated sampling: many independent programs, one call each (PlanSearch's first baseline)."""

from typing import Any

from pydantic import Field

from ..nodes import Begin, Brainstorm, Chain, Judge, Node, Sampling, Select, WriteCode
from ..settings import with_options
from .build import Graph, Options
from .sampler import sampler


class SamplingOptions(Options):
    """The knobs of `repeated_sampling` and `idea_search`. The defaults are the `paper` profile."""

    samples: int = Field(225, ge=1, le=100_000)
    """Programs to write; the paper writes 225, to estimate pass@200 from."""
    few_shot: bool = True
    """Show the coder two solved examples."""
    enough: int | None = Field(None, ge=1)
    """Stop once this many candidates pass the public tests."""
    temperature: float | None = Field(0.9, ge=0, le=2)
    """Of every call; None leaves it to the model."""
    top_p: float | None = Field(0.95, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(4096, ge=16)
    """Longest reply."""


PROFILES: dict[str, dict[str, Any]] = {
    "paper": {},
    "fast": {"samples": 20, "few_shot": False, "enough": 2, "max_tokens": 2048},
}


def repeated_sampling(profile: str = "fast", **overrides: Any) -> Graph:
    """Build repeated sampling: `samples` programs from the problem alone, one call each.

    Input, output and errors as `plan_search`; `overrides` are fields of `SamplingOptions`.
    """
    options = with_options(SamplingOptions, PROFILES, profile, overrides)
    return _sampler("repeated_sampling", options, ())


def idea_search(profile: str = "fast", **overrides: Any) -> Graph:
    """Build IdeaSearch (PlanSearch section 3): an idea in words, then, in a separate conversation,
    a program that follows it; `samples` times, one program for each idea.

    Input, output and errors as `plan_search`; `overrides` are fields of `SamplingOptions`.
    """
    options = with_options(SamplingOptions, PROFILES, profile, overrides)
    return _sampler("idea_search", options, (Brainstorm(_sampling(options)),))


def _sampler(name: str, options: SamplingOptions, before: tuple[Node, ...]) -> Graph:
    code = WriteCode(options.few_shot, sampling=_sampling(options))
    return sampler(
        Begin(name, options.model_dump()),
        Chain((*before, code, Judge(options.enough))),
        options.samples,
        Select(),
    )


def _sampling(options: SamplingOptions) -> Sampling:
    return Sampling(options.temperature, options.top_p, options.max_tokens)
