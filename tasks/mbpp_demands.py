"""The rows of MBPP+ that ask more of a sandbox than the others do, as measured with the canonical
solutions of 399 rows of an early version."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .code_task import Key
from .limits import Limits

MIB = 2**20


@dataclass(frozen=True, slots=True)
class _Demand:
    limits: Limits
    fits: Callable[[tuple[Any, ...]], bool] = lambda given: True
    """Whether an input is kept."""


DEMANDS = {
    # Five of its 112 inputs ask for all choices of 76 or 77 colours: 1.3 GB of results, and 4 GB of
    # memory to compute them. The results of the others are 3 MB.
    "Mbpp/255": _Demand(
        Limits(memory_bytes=512 * MIB, result_bytes=16 * MIB),
        fits=lambda given: int(given[1]) <= 20,
    ),
    # Sums of all integers up to 100 million: 21 s.
    "Mbpp/599": _Demand(Limits(cpu_seconds=90, wall_seconds=270)),
    # 11 MB of results.
    "Mbpp/630": _Demand(Limits(memory_bytes=512 * MIB, result_bytes=32 * MIB)),
}


def demanding(key: Key) -> Key:
    """The key with the limits that its task needs, and without inputs that nobody can afford."""
    demand = DEMANDS.get(key.task_id)
    if demand is None:
        return key
    kept = [demand.fits(given) for given in key.pending]
    left = kept.count(False)
    return replace(
        key,
        pending=tuple(given for given, keep in zip(key.pending, kept, strict=True) if keep),
        base=sum(kept[: key.base]),
        limits=demand.limits,
        caveat=f"{left} inputs with very large results are left out" if left else "",
    )
