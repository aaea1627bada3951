"""What a run of `ponder eval` spent, in FLOPs, and how it stands against a larger model's run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...models.base import Usage
from ...nodes.run import VERIFICATION
from ..metrics.bootstrap import Interval, bootstrap_mean
from ..metrics.paired import Paired, paired_difference
from ..metrics.tally import Tally, tally
from ..results import Result
from .efficiency import Censored, at_generations
from .flops import Side, inference, multiplier, side_of


@dataclass(frozen=True, slots=True)
class Account:
    """Tokens really spent, and the FLOPs of inference that they are: 2 N a token."""

    questions: int
    prompt_tokens: int
    """Of the model, sent again each time a prompt is."""
    completion_tokens: int
    verifier_tokens: int
    """Prompts and replies together: apart from the model's."""
    parameters: float
    verifier_parameters: float | None
    """None: not known, so that what the verifier took is not either."""

    @property
    def prompt_flops(self) -> float:
        """Of reading prompts."""
        return inference(self.parameters, self.prompt_tokens)

    @property
    def completion_flops(self) -> float:
        """Of writing."""
        return inference(self.parameters, self.completion_tokens)

    @property
    def verifier_flops(self) -> float | None:
        """Which no formula of the paper has in it."""
        if not self.verifier_tokens:
            return 0.0
        if self.verifier_parameters is None:
            return None
        return inference(self.verifier_parameters, self.verifier_tokens)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        own = {name: getattr(self, name) for name in self.__slots__}
        flops = ("prompt_flops", "completion_flops", "verifier_flops")
        return {**own, **{name: getattr(self, name) for name in flops}}


def account(
    results: Iterable[Result], parameters: float, verifier_parameters: float | None = None
) -> Account:
    """Add up a run. Tasks without a result count with what they spent.

    Raises:
        InputError: a number of parameters that is not above 0 (when FLOPs are asked for).
    """
    questions, asked, judged = 0, Usage(), Usage()
    for result in results:
        questions += 1
        judging = result.usage_by_kind.get(VERIFICATION, Usage())
        judged += judging
        for kind, usage in result.usage_by_kind.items():
            asked += usage if kind != VERIFICATION else Usage()
    return Account(
        questions,
        asked.prompt_tokens,
        asked.completion_tokens,
        judged.tokens,
        parameters,
        verifier_parameters,
    )


def curve_of(results: Iterable[Result]) -> dict[int, Interval]:
    """The accuracy of the best way of choosing that a run of best-of-n has, by how many answers are
    chosen from: "weighted", else "majority". Empty where the run does not sample whole answers."""
    tallies = [tally(result) for result in results if result.error is None]
    way, ns = _chosen_by(tallies)
    found = {n: [v for one in tallies if (v := _right(one, way, n)) is not None] for n in ns}
    return {n: bootstrap_mean(values) for n, values in found.items() if values}


WAYS = ("weighted", "majority")


@dataclass(frozen=True, slots=True)
class Standing:
    """A model with test-time compute against a larger one with one answer, at equal FLOPs."""

    generations: float
    """That the smaller may spend. Between two numbers of answers that it was tried with, each
    question's grade is read off a line over log N."""
    censored: Censored
    """"above": it was not tried with so many, and stands with the most that it was."""
    paired: Paired
    """Its accuracy less the larger model's, question by question."""
    side: Side

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "paired": self.paired.to_json(),
        }


def standing(
    small: Iterable[Result], large: Iterable[Result], larger: float, ratio: float, seed: int = 0
) -> Standing | None:
    """Which side two runs fall on, over the questions that both have: None where the smaller's run
    chooses among no answers, or they have no question in common. Where it is behind, and has not
    spent all it might, it is undecided.

    Raises:
        InputError: as `flops.multiplier`.
    """
    generations = multiplier(larger, ratio)
    tallies = [tally(result) for result in small if result.error is None]
    way, ns = _chosen_by(tallies)
    if not ns:
        return None
    curves = {one.task: {n: _right(one, way, n) for n in ns} for one in tallies}
    ours = {
        task: at_generations({n: v for n, v in curve.items() if v is not None}, generations)[0]
        for task, curve in curves.items()
        if None not in curve.values()
    }
    theirs = {
        one.task: float(one.solved) for one in large if one.error is None and one.solved is not None
    }
    paired = paired_difference(ours, theirs, seed)
    if paired.difference is None:
        return None
    censored: Censored = "above" if generations > max(ns) else ""
    side = side_of(paired.difference)
    if side == "pretraining" and censored:
        side = "undecided"
    return Standing(generations, censored, paired, side)


def _chosen_by(tallies: Sequence[Tally]) -> tuple[str, list[int]]:
    """The first of `WAYS` that a run chooses by, and among how many answers."""
    way = next((way for way in WAYS if any(way in one.votes for one in tallies)), "")
    return way, sorted({n for one in tallies for n in one.votes.get(way, {})})


def _right(one: Tally, way: str, n: int) -> float | None:
    chosen: Mapping[int, bool | None] = one.votes.get(way, {})
    known = [m for m in chosen if m <= n]
    if not known:
        return 0.0 if one.keyed else None
    right = chosen[max(known)]
    return None if right is None else float(right)
