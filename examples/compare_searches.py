"""One question, every way to search for its answer, at the same number of samples.

    python examples/compare_searches.py "What is 12 + 13?" MODEL VERIFIER [SAMPLES]

MODEL is one that writes by steps: transformers/…, embedded/…, hosted_vllm/…; VERIFIER judges steps:
prm:PATH, or judge (the model itself). All is kept in memory; give Context a store to resume.
"""

import asyncio
import sys
from collections.abc import Mapping

from ponder.graphs import (
    Graph,
    beam_search,
    best_of_n,
    dvts,
    lookahead_search,
    majority,
    propose_verify_refine,
    self_consistency,
)
from ponder.models import Usage, disconnect
from ponder.nodes import Context, Solution
from ponder.tasks import MathTask


def searches(samples: int) -> Mapping[str, Graph]:
    """Every search, with about so many samples: a round of lookahead costs N(k + 1), and a chain
    of revisions is as deep as it is long."""
    quarter = max(1, samples // 4)
    width, narrow = (
        max(width for width in (1, 2, 3, 4) if n % width == 0) for n in (samples, quarter)
    )
    return {
        "majority": majority(samples=samples),
        "self-consistency": self_consistency(samples=samples),
        "best-of-n, weighted": best_of_n(samples=samples),
        "best-of-n, plain": best_of_n(samples=samples, choose="best"),
        "beam search": beam_search(samples=samples, width=width),
        "lookahead search": lookahead_search(samples=quarter, width=narrow, lookahead=3),
        "DVTS": dvts(samples=samples, width=width),
        "revisions": propose_verify_refine(chains=quarter, depth=min(4, samples)),
    }


async def compare(context: Context, task: MathTask, samples: int) -> dict[str, Solution]:
    """The solution of each search, printed as it comes."""
    found = {}
    for name, graph in searches(samples).items():
        solution = (await graph.ainvoke({"task": task}, context=context))["solution"]
        judging = solution.usage_by_kind.get("verification", Usage())
        print(
            f"{name:<20} {solution.final or '-':<10} {len(solution.candidates):>4} candidates "
            f"{solution.usage.tokens:>8} tokens, {judging.tokens:>8} of them the verifier's"
        )
        found[name] = solution
    await disconnect()
    return found


if __name__ == "__main__":
    question, model, verifier, *rest = sys.argv[1:]
    with Context(model=model, verifier=verifier) as made:
        asyncio.run(compare(made, MathTask("question", question), int(rest[0]) if rest else 16))
