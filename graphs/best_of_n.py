"""Many whole answers, then one of them: best-of-n, majority, self-consistency.

Papers: "Let's Verify Step by Step" (arXiv 2305.20050), best-of-n by a reward model and majority;
"Scaling LLM Test-Time Compute Optimally" section 3 (arXiv 2408.03314), best-of-n weighted;
"Self-Consistency Improves Chain of Thought Reasoning" (arXiv 2203.11171).
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from ..errors import InputError
from ..nodes import Answer, Begin, Chain, Choose, Judge, Sampling, Submit, Way
from ..settings import with_options
from ..tasks import CodeTask, MathTask
from .build import Graph, Options
from .sampler import sampler


class BestOfNOptions(Options):
    """The knobs of `best_of_n`, `majority` and `self_consistency`."""

    samples: int = Field(16, ge=1, le=100_000)
    """Answers to sample (n)."""
    choose: Way = "weighted"
    """The answer with the largest sum of scores among equal ones, with the best score, or the most
    frequent."""
    few_shot: bool = False
    """Show a coder two solved examples."""
    temperature: float | None = Field(0.8, ge=0, le=2)
    """Of every answer; None leaves it to the model."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Nucleus sampling, likewise."""
    max_tokens: int = Field(2048, ge=16)
    """Longest answer."""


BEST_OF_N: dict[str, dict[str, Any]] = {
    "paper": {"samples": 256, "temperature": 1.0},
    "fast": {},
}
MAJORITY = {name: {**options, "choose": "majority"} for name, options in BEST_OF_N.items()}
SELF_CONSISTENCY: dict[str, dict[str, Any]] = {
    "paper": {"samples": 40, "temperature": 0.7, "choose": "majority"},
    "fast": {"temperature": 0.7, "choose": "majority"},
}


def best_of_n(profile: str = "fast", **overrides: Any) -> Graph:
    """Build best-of-n: sample n answers, have each judged as it comes, and choose by the scores.

    `Context(verifier=…)` judges: a reward model (of steps, or of whole answers), a judge model; of
    programs also the public tests. `Solution.selections` says what each way of choosing takes among
    the first 1, 2, 4, … of the answers. The input is `{"task": task}` with a question or a
    programming problem, the output `{"solution": Solution}`. `overrides` are fields of
    `BestOfNOptions`; profile "paper" has 256 samples at temperature 1.

    Raises:
        InputError: an unknown profile or option, or a value out of range.
    """
    options = with_options(BestOfNOptions, BEST_OF_N, profile, overrides)
    return _sampler("best_of_n", options, judged=options.choose != "majority")


def majority(profile: str = "fast", **overrides: Any) -> Graph:
    """Build majority voting: the most frequent final answer of n. Programs vote by what they
    compute on generated inputs. No verifier is asked.

    Input, output and errors as `best_of_n`.
    """
    return _voter("majority", MAJORITY, profile, overrides)


def self_consistency(profile: str = "fast", **overrides: Any) -> Graph:
    """Build self-consistency: majority voting as its paper samples it, 40 chains of thought at
    temperature 0.7 (its top-k of 40 is left to the model).

    Input, output and errors as `best_of_n`.
    """
    return _voter("self_consistency", SELF_CONSISTENCY, profile, overrides)


def _voter(
    name: str,
    profiles: Mapping[str, Mapping[str, Any]],
    profile: str,
    overrides: Mapping[str, Any],
) -> Graph:
    options = with_options(BestOfNOptions, profiles, profile, overrides)
    if options.choose != "majority":
        raise InputError(
            f"option choose={options.choose!r}: {name} takes the most frequent answer, and asks no "
            "verifier; use best_of_n"
        )
    return _sampler(name, options, judged=False)


def _sampler(name: str, options: BestOfNOptions, *, judged: bool) -> Graph:
    begin = Begin(name, options.model_dump(), takes=(CodeTask, MathTask), judged=judged)
    return sampler(
        begin,
        one_answer(options, judged=judged),
        options.samples,
        Choose(options.choose, sweep=True),
    )


def one_answer(options: BestOfNOptions, *, judged: bool = True, kind: str | None = None) -> Chain:
    """One sample: asked for, and judged as soon as it is there. `kind` is what it is counted as."""
    sampling = Sampling(options.temperature, options.top_p, options.max_tokens)
    answer = Answer(options.few_shot, sampling, kind)
    return Chain((answer, Judge() if judged else Submit()))
