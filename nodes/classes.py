"""Which candidates say the same: by their final answers, or by what they compute."""

import asyncio
from collections.abc import Sequence

from ..errors import SandboxError
from ..tasks import CodeTask, generate_inputs
from ..tasks.equivalence import classes
from ..tasks.final_answer import final_answer
from .behaviour import answers
from .run import Run
from .thought import Thought

INPUTS = 16
"""How many inputs are generated to tell programs apart; they are mutations of the public ones, so
no call is made for them."""


async def classes_of(
    run: Run, candidates: Sequence[Thought], inputs: int = INPUTS
) -> list[list[int]]:
    """Places of equal candidates, class by class, in order of first appearance. What has no final
    answer, or fails on every generated input, is in none: it agrees with nothing.

    Raises:
        MissingError: what compares final answers is not installed.
    """
    if isinstance(run.task, CodeTask):
        return await _by_behaviour(run, run.task, candidates, inputs)
    return await classes([final_answer(thought.text) for thought in candidates])


async def _by_behaviour(
    run: Run, task: CodeTask, candidates: Sequence[Thought], inputs: int
) -> list[list[int]]:
    given = generate_inputs(task, inputs, run.calls.seed("select"))
    if not given:
        return []
    try:
        shown = await asyncio.gather(*(run.behaviour(thought.id, given) for thought in candidates))
    except SandboxError:
        return []  # nobody can say
    places: dict[tuple[str, ...], list[int]] = {}
    for place, behaviour in enumerate(shown):
        if answers(behaviour):
            places.setdefault(tuple(behaviour), []).append(place)
    return list(places.values())
