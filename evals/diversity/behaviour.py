"""Diversity by what samples do: no model is asked.

A cheap companion of ours to the paper's measure, not a stand-in: two programs with one behaviour
may have two ideas, and one idea with a slip in it has two behaviours. So it is more than 0 wherever
some samples are wrong in different ways.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import InputError
from ...models.store import Store
from ...nodes.behaviour import answers, behaviour
from ...nodes.classes import INPUTS
from ...sandboxes import Sandbox
from ...tasks import CodeTask, MathTask, Task, classes, final_answer, generate_inputs
from .drawing import MOST, same_pairs, shuffled
from .record import TaskDiversity


@dataclass(frozen=True)
class ByBehaviour:
    """Two programs are the same if they do the same on inputs that are generated from the public
    ones (as searches tell them apart); two solutions of a question, if their final answers are
    equal.

    What fails on every input, or has no final answer, is left out and counted: it shows nothing,
    and two programs that fail alike have not one idea for that.
    """

    sandbox: Sandbox
    most: int = MOST
    inputs: int = INPUTS
    seed: int = 0

    @property
    def how(self) -> str:
        """See `Measure.how`."""
        return f"behaviour,most={self.most},inputs={self.inputs},seed={self.seed}"

    async def begin(self, run: str, store: Store) -> "ByBehaviour":
        """See `Measure.begin`."""
        return self

    async def measure(self, task: Task, texts: Mapping[str, str]) -> TaskDiversity:
        """See `Measure.measure`.

        Raises:
            InputError: the task is neither a program's nor a question.
            MissingError: this machine lacks the sandbox, or what compares final answers.
            SandboxError: the sandbox failed.
        """
        drawn = [texts[id] for id in shuffled(task.id, texts, self.seed)[: self.most]]
        if isinstance(task, MathTask):
            found, why = await classes([final_answer(text) for text in drawn]), "no final answer"
        elif isinstance(task, CodeTask):
            found, why = await self._by_behaviour(task, drawn)
        else:
            raise InputError(f"task {task.id}: the answers to an instruction behave in no way")
        pairs, similar = same_pairs(found)
        shown = sum(map(len, found))
        left_out = len(drawn) - shown
        return TaskDiversity(
            task.id, self.how, shown, left_out, pairs, similar, reason=why if left_out else ""
        )

    async def _by_behaviour(
        self, task: CodeTask, drawn: Sequence[str]
    ) -> tuple[list[list[int]], str]:
        given = generate_inputs(task, self.inputs, self.seed)
        if not given:
            return [], "the task has no public tests to make inputs from"
        await self.sandbox.start()
        distinct = list(dict.fromkeys(drawn))
        shown = await asyncio.gather(
            *(behaviour(self.sandbox, task, code, given) for code in distinct)
        )
        does = dict(zip(distinct, map(tuple, shown), strict=True))
        places: dict[tuple[str, ...], list[int]] = {}
        for place, code in enumerate(drawn):
            if answers(does[code]):
                places.setdefault(does[code], []).append(place)
        return list(places.values()), "fails on every input"
