"""The strategies that are tried: the paper's grid (arXiv 2408.03314, sections 5.2, 6.2).

* best-of-n weighted;
* beam search with M = √N, and with M = 4;
* lookahead search with k = 3 on both of them, and with k = 1 on M = √N;
* revisions, every power-of-two split of the budget into chains × depth. The split with depth 1 is
  left out: with one prompt for every first answer it is best-of-n, and would be paid for twice. The
  paper's own grid of splits is in a figure alone.

The order is that of preference among equals: the simpler and cheaper first.
"""

from collections.abc import Iterable, Sequence

from ...errors import InputError
from ...nodes.strategy import Kind, Strategy

KINDS: tuple[Kind, ...] = ("best-of-n", "beam", "lookahead", "revisions")
SEARCHES = (
    Strategy("beam"),
    Strategy("beam", 4),
    Strategy("lookahead", None, 1),
    Strategy("lookahead", None, 3),
    Strategy("lookahead", 4, 3),
)
BASELINE = Strategy().name
"""What gains are over."""


def grid(budget: int, kinds: Iterable[str] = KINDS) -> list[Strategy]:
    """The strategies of those kinds that a budget of so many generations, a power of two, is enough
    for.

    Raises:
        InputError: the budget is no power of two, or a kind is none.
    """
    if budget < 1 or budget & (budget - 1):
        raise InputError(f"budget {budget}: must be a power of two, such as 4, 16 or 64")
    wanted = list(kinds)
    for kind in wanted:
        if kind not in KINDS:
            raise InputError(f"strategies {kind!r} is not one of {', '.join(KINDS)}")
    deep = [Strategy("revisions", depth=2**i) for i in range(1, budget.bit_length())]
    every = [Strategy(), *deep, *SEARCHES]
    return [one for one in every if one.kind in wanted and one.sizes(budget) is not None]


def order_of(budgets: Sequence[int]) -> list[str]:
    """The names of all strategies of the grid, in the order of preference among equals."""
    return [one.name for one in grid(max(budgets))]
