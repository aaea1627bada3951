"""pass@k: how likely one of k samples of a task is right, from n samples of which c are.

The unbiased estimator of Chen et al. (2107.03374, section 2.1), 1 − C(n−c, k) / C(n, k), with what
its usual code gets wrong put right: where k exceeds n, it takes a task without a single right
sample to be solved (n=3, c=0, k=20 gives 1). Here samples that are not there are wrong ones. So a
k beyond n says no more than whether any sample is right, and whoever prints it says so.

Samples of a search are not independent, as the estimator has it; PlanSearch's authors (2409.03733,
appendix O) name the bias, and so do we.
"""

import math
from collections.abc import Collection

STEPS = (1, 2, 5)


def pass_at_k(n: int, c: int, k: int) -> float:
    """The probability that of `k` samples drawn without return from `n` one is among the `c` right
    ones. Where `k` exceeds `n`: 0 if none is right, else 1.

    Raises:
        ValueError: not 0 <= c <= n, or k is negative.
    """
    if not 0 <= c <= n or k < 0:
        raise ValueError(f"pass@k of n={n}, c={c}, k={k}: needs 0 <= c <= n and k >= 0")
    if c == 0:  # before all else: see above
        return 0.0
    if n - c < k:
        return 1.0
    return 1.0 - math.prod((n - c - i) / (n - i) for i in range(k))


def pass_at(n: int, c: int, k: float) -> float:
    """The same for a `k` between two whole numbers, on the line from one to the other: what a
    budget of so many samples buys on average."""
    whole = math.floor(k)
    here = pass_at_k(n, c, whole)
    return here if whole == k else here + (k - whole) * (pass_at_k(n, c, whole + 1) - here)


def ks_for(ns: Collection[int]) -> list[int]:
    """The ks that are worth a look, given how many samples each task has: 1, 2, 5, 10, 20, 50, …
    up to the most of any task; and all of them, where every task has as many."""
    most = max(ns, default=0)
    ks = {step * 10**power for power in range(len(str(most))) for step in STEPS}
    return sorted({k for k in ks if k <= most} | ({most} if most and most == min(ns) else set()))
