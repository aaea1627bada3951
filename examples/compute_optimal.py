"""Compute-optimal scaling from end to end, on a simulated model: a sweep, a policy, a search.

    python examples/compute_optimal.py [--questions 60] [--budgets 4,16] [--out FOLDER]

Nothing real is asked. A question takes three steps; the model gets each right with a probability
that is the question's own, and a step after a wrong one is wrong. A revision is better than a first
answer where the question is easy, and worse where it is hard. The verifier sees whether a step is
right, through noise, and takes one wrong step in ten for a brilliant one: a search that tries many
finds those. What is printed is what `ponder sweep` and `ponder policy` print; the last
lines are of questions that neither has seen, with the probe's cost counted.
"""

import argparse
import asyncio
import hashlib
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from ponder.evals.folder import STORE, About, RunFolder
from ponder.evals.optimal.analysis import analyse, policy_of
from ponder.evals.optimal.grid import order_of
from ponder.evals.optimal.plan import Planned, plan
from ponder.evals.optimal.rows import choices, costs, notes, strategies, worth
from ponder.evals.optimal.sweep import read_sweep, write_sweep
from ponder.evals.runner import Arm, evaluate
from ponder.evals.spec import Spec
from ponder.evals.table import as_text
from ponder.graphs import Graph, best_of_n, compute_optimal
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context, write_policy
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import AnswerKey, LoadedTask, MathTask, Task
from ponder.verifiers import ScriptedVerifier

STEPS = 3


def chance(*of: object) -> float:
    """A number from 0 to 1 that is the same for the same."""
    return int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:6], "big") / 2**48


def question(name: str, number: int, count: int) -> LoadedTask[MathTask, AnswerKey]:
    """The higher its number, the easier. Every right answer is 7."""
    id = f"{name}/{number:03}"
    return LoadedTask(MathTask(id, f"Question {id} at {number / count:.3f}."), AnswerKey(id, "7"))


class Simulated(ScriptedModel):
    """The model. `salt` makes each run's luck its own."""

    def __init__(self, salt: str) -> None:
        super().__init__(self.write)
        self.salt = salt

    def write(self, messages: list[Message], path: str, index: int) -> str:
        """The rest of an answer: its steps, and what they come to."""
        begun = messages[-1]["content"] if messages[-1]["role"] == "assistant" else ""
        asked = next(one["content"] for one in messages if "Question " in one["content"])
        ease = float(re.search(r" at (\d\.\d+)", asked)[1])  # type: ignore[index]
        likely = 0.35 + 0.6 * ease
        if path.rpartition("/")[2].startswith("r"):
            likely += 0.6 * (ease - 0.5)
        right, steps = "off" not in begun, []
        for number in range(begun.count("\n\n"), STEPS):
            luck = chance(self.salt, asked, path, begun, number)
            right = right and luck < likely
            steps.append(f"Step {number}: {'ok' if right else 'off'}, {luck:.6f}.")
        end = 7 if right else 10 + int(5 * chance(self.salt, asked, path, begun))
        return "\n\n".join([*steps, f"So \\boxed{{{end}}}"])


def mark(task: Task, steps: Sequence[str]) -> list[float]:
    """A score for each step."""
    seen = [" ".join(steps[: place + 1]) for place in range(len(steps))]
    return [_score(task.id, text, right="off" not in text) for text in seen]


def _score(id: str, text: str, *, right: bool) -> float:
    if not right and chance(id, text, "taken in") < 0.1:
        return 0.7 + 0.3 * chance(id, text)
    return (0.35 if right else 0.2) + 0.5 * chance(id, text)


def context(salt: str, seed: int = 0, store: Path | None = None) -> Context:
    """What a run is given."""
    box = ScriptedSandbox(lambda program, given: None)
    return Context(
        Simulated(salt), verifier=ScriptedVerifier(mark), sandbox=box, store=store, seed=seed
    )


def arm(folder: Path, one: Planned) -> Arm:
    """A run of the sweep."""
    held = RunFolder(folder / one.name, About(one.name, "simulated", one.spec))
    made = context(one.name, one.spec.seed, held.path / STORE)
    return Arm(held, one.spec.build(), made)


async def sweep(folder: Path, questions: int, budgets: Sequence[int]) -> None:
    """Every strategy with every budget."""
    planned = plan(Spec(model="simulated", verifier="noisy"), budgets, samples=32)
    arms = [arm(folder, one) for one in planned]
    write_sweep(folder, budgets, planned)
    await evaluate([question("known", n, questions) for n in range(questions)], arms)
    for each in arms:
        each.context.close()
        each.folder.close()


async def accuracy(graph: Graph, questions: int) -> float:
    """Of new questions."""
    given = context("new")
    asked = [question("new", n, questions) for n in range(questions)]
    found = [await graph.ainvoke({"task": one.task}, context=given) for one in asked]
    return fmean(one["solution"].final == "7" for one in found)


async def main(questions: int, budgets: Sequence[int], folder: Path) -> None:
    """All of it."""
    await sweep(folder, questions, budgets)
    swept = read_sweep(folder)
    tables = [rows(swept, order_of(budgets)) for rows in (strategies, costs)]
    print(*map(as_text, tables), sep="\n\n", end="\n\n")
    found = analyse(swept)
    print(as_text(choices(found)), as_text(worth(found)), *notes(found), sep="\n\n", end="\n\n")
    write_policy(policy_of(swept, found), folder / "policy.json")
    for budget in budgets:
        probe = max(1, min(8, budget // 4))
        graph = compute_optimal(policy=folder / "policy.json", budget=budget, probe=probe)
        ours, theirs = [
            await accuracy(each, questions) for each in (graph, best_of_n(samples=budget))
        ]
        print(
            f"new questions, {budget:>3} generations: compute_optimal {ours:.3f} "
            f"(a probe of {probe} among them), best_of_n {theirs:.3f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--budgets", default="4,16")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        sizes = [int(text) for text in options.budgets.split(",")]
        asyncio.run(main(options.questions, sizes, options.out or Path(name)))
