"""Questions whose answers are coins: a scripted model that is right as often as it is told, better
at revising what is easy and worse at what is hard, and a verifier with noise."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ponder.evals.folder import STORE, About, RunFolder
from ponder.evals.optimal.plan import Planned, plan
from ponder.evals.optimal.sweep import write_sweep
from ponder.evals.runner import Arm, evaluate
from ponder.evals.spec import Spec
from ponder.models import Message, ScriptedModel
from ponder.nodes import Context
from ponder.sandboxes import ScriptedSandbox
from ponder.tasks import AnswerKey, LoadedTask, MathTask, Task
from ponder.verifiers import ScriptedVerifier

Loaded = LoadedTask[MathTask, AnswerKey]


def chance(*of: object) -> float:
    """A number from 0 to 1 that is the same for the same."""
    digest = hashlib.sha256(repr(of).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def questions(count: int, first: int = 0) -> list[Loaded]:
    """Of which the share `number / count` is answered right; all answers are 7."""
    found: list[Loaded] = []
    for number in range(first, count):
        id = f"coin/{number:02}"
        task = MathTask(id, f"Throw coin {number} of {count}.")
        found.append(LoadedTask(task, AnswerKey(id, "7")))
    return found


class Coins(ScriptedModel):
    """Throws anew in every run: `salt` tells them apart."""

    def __init__(self, salt: str = "") -> None:
        super().__init__(self.throw)
        self.salt = salt

    def throw(self, messages: list[Message], path: str, index: int) -> str:
        """A right answer, or one of many wrong ones."""
        asked = messages[-1]["content"].partition("Throw coin ")[2].split()
        p = int(asked[0]) / int(asked[2].partition(".")[0])
        revises = path.rpartition("/")[2].startswith("r")
        likely = (min(1.0, p + 0.4) if p > 0.5 else 0.0) if revises else p
        luck = chance(self.salt, asked, path)
        said = 7 if luck < likely else 10 + int(1000 * luck)
        return f"It shows what it shows on {path}.\n\nSo it is \\boxed{{{said}}}."


def mark(task: Task, steps: Sequence[str]) -> list[float]:
    """A score for each step: higher where the answer is right, with noise."""
    right = 0.4 * ("boxed{7}" in steps[-1])
    return [0.2 + right + 0.3 * chance(*steps[: i + 1]) for i in range(len(steps))]


async def swept(
    folder: Path,
    tasks: Sequence[Loaded],
    budgets: Sequence[int] = (2, 8),
    kinds: Sequence[str] = ("best-of-n", "revisions"),
    trials: int = 1,
) -> list[ScriptedModel]:
    """A sweep, as `ponder sweep` makes one; the models of its runs."""
    base = Spec(model="coins", verifier="mark")
    planned = plan(base, budgets, kinds, trials=trials, samples=16)
    arms = [_arm(folder, one) for one in planned]
    write_sweep(folder, budgets, planned)
    try:
        await evaluate(tasks, arms)
    finally:
        for arm in arms:
            arm.context.close()
            arm.folder.close()
    models = [arm.context.model for arm in arms]
    return [model for model in models if isinstance(model, ScriptedModel)]


def _arm(folder: Path, one: Planned) -> Arm:
    held = RunFolder(folder / one.name, About(one.name, "coins", one.spec))
    context = Context(
        Coins(one.name),
        verifier=ScriptedVerifier(mark),
        sandbox=ScriptedSandbox(lambda program, given: None),
        store=held.path / STORE,
        seed=one.spec.seed,
    )
    return Arm(held, one.spec.build(), context)
