"""Sequential revisions: three chains of four answers to a question, each made in view of those
before it, and one of them chosen by how a verifier scores them (without one, by their majority).

    python examples/revisions.py QUESTION MODEL [VERIFIER]

A verifier is `judge:MODEL`, `prm:PATH`, `orm:PATH`, …, as on the command line.
"""

import asyncio
import sys

from ponder.graphs import propose_verify_refine
from ponder.nodes import Context, Solution
from ponder.tasks import MathTask, final_answer


async def revise(question: str, context: Context) -> Solution:
    graph = propose_verify_refine(chains=3, depth=4)
    task = MathTask("question", question)
    solution: Solution = (await graph.ainvoke({"task": task}, context=context))["solution"]
    return solution


def report(solution: Solution, context: Context) -> str:
    """A line for each answer, then the one that was chosen."""
    thoughts = context.thoughts(solution)
    lines = [
        f"{'->' if candidate.id == solution.chosen else '  '} {candidate.id:<10}"
        f" {final_answer(thoughts[candidate.id].text)}  score {candidate.verdict.score}"
        for candidate in solution.candidates
    ]
    return "\n".join([*lines, "", solution.answer or solution.verdict.reason])


if __name__ == "__main__":
    verifier = sys.argv[3] if len(sys.argv) > 3 else None
    with Context(model=sys.argv[2], verifier=verifier) as context:
        print(report(asyncio.run(revise(sys.argv[1], context)), context))
