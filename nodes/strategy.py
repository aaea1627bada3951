"""One way to spend a number of generations, for any number of them.

Paper: "Scaling LLM Test-Time Compute Optimally" (arXiv 2408.03314), sections 3.2, 5 and 6. A
generation is one whole answer sampled; costs are counted as the paper counts them: best-of-n N,
beam search N, lookahead search N (k + 1), revisions chains × depth.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..errors import InputError

Kind = Literal["best-of-n", "beam", "lookahead", "revisions"]
GRAPHS: Mapping[Kind, str] = {
    "best-of-n": "best_of_n",
    "beam": "beam_search",
    "lookahead": "lookahead_search",
    "revisions": "propose_verify_refine",
}
"""The builder of each kind's graph."""
MOST_DEEP = 1_000
"""Revisions of a chain at most (`RefineOptions.depth`)."""
FORM = re.compile(
    r"(?P<best>best-of-n)|beam-(?P<beam>sqrt|[1-9]\d*)"
    r"|lookahead-(?P<k>[1-9]\d*)-(?P<look>sqrt|[1-9]\d*)|revisions-(?P<depth>[1-9]\d*)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to spend generations. Its `name` says it whole: "best-of-n", "beam-sqrt", "beam-4",
    "lookahead-3-sqrt" (k = 3, M = √N), "revisions-8" (chains of 8 answers)."""

    kind: Kind = "best-of-n"
    width: int | None = None
    """Of searches: continuations of a beam (M). None: the square root of N."""
    lookahead: int = 0
    """Of lookahead search: k."""
    depth: int = 1
    """Of revisions: the answers of a chain."""

    @classmethod
    def parse(cls, name: str) -> "Strategy":
        """The strategy of that name.

        Raises:
            InputError: there is none.
        """
        form = FORM.fullmatch(name)
        if form is None:
            raise InputError(
                f"strategy {name!r} is not one of best-of-n, beam-sqrt, beam-M, lookahead-K-sqrt, "
                "lookahead-K-M, revisions-DEPTH"
            )
        width = form["beam"] or form["look"]
        wide = None if width in (None, "sqrt") else int(width)
        if form["best"]:
            return cls()
        if form["beam"]:
            return cls("beam", wide)
        if form["look"]:
            return cls("lookahead", wide, int(form["k"]))
        return cls("revisions", depth=int(form["depth"]))

    @property
    def name(self) -> str:
        """What tables, folders and policies call it."""
        width = "sqrt" if self.width is None else str(self.width)
        match self.kind:
            case "best-of-n":
                return "best-of-n"
            case "beam":
                return f"beam-{width}"
            case "lookahead":
                return f"lookahead-{self.lookahead}-{width}"
            case "revisions":
                return f"revisions-{self.depth}"

    @property
    def graph(self) -> str:
        """The builder of its graph."""
        return GRAPHS[self.kind]

    @property
    def by_steps(self) -> bool:
        """Whether it needs a model that writes by steps and a verifier that judges them."""
        return self.kind in ("beam", "lookahead")

    def sizes(self, budget: int) -> dict[str, int] | None:
        """The options of its graph that make it cost at most `budget` generations, and as many of
        them as it can spend; None where so few are not enough for it.

        The paper takes M = √N, and does not say what N is in lookahead search: here N is what a
        round samples, so that M is no larger for the rollouts. Where N has no whole root, see
        `root_of`.
        """
        match self.kind:
            case "best-of-n":
                return {"samples": budget} if budget > 0 else None
            case "revisions":
                fits = 1 <= self.depth <= min(budget, MOST_DEEP)
                return {"chains": budget // self.depth, "depth": self.depth} if fits else None
        samples = budget // (self.lookahead + 1)
        width = root_of(samples) if self.width is None else self.width
        if samples < max(2, width):
            return None
        sizes = {"samples": samples - samples % width, "width": width}
        return sizes | ({"lookahead": self.lookahead} if self.kind == "lookahead" else {})

    def generations(self, budget: int) -> int | None:
        """What it costs with `budget` to spend, as the paper counts; None where that is too few."""
        sizes = self.sizes(budget)
        if sizes is None:
            return None
        if self.kind == "revisions":
            return sizes["chains"] * sizes["depth"]
        return sizes["samples"] * (self.lookahead + 1)


def root_of(samples: int) -> int:
    """A whole M near the root of N, at least 2: within a factor of √2 of it, the one with which
    N / M beams of M leave the fewest of N unused; of such the nearest, and then the smaller."""
    candidates = range(max(2, math.isqrt(samples // 2)), math.isqrt(2 * samples) + 1)
    near = [width for width in candidates if _is_near(width, samples)]
    return min(near or [2], key=lambda width: _misfit(width, samples))


def _is_near(width: int, samples: int) -> bool:
    return samples <= 2 * width**2 and width**2 <= 2 * samples


def _misfit(width: int, samples: int) -> tuple[int, float, int]:
    distance = abs(math.log(width**2 / samples)) if samples else 0.0
    return samples % width, round(distance, 9), width
