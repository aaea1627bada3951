"""Grade a file of samples: each task of the data set as it is read, several at once."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import PonderError
from ..sandboxes import Sandbox
from ..tasks import LoadedTask
from .graded import GradedFile
from .grading import Grader
from .runner import first, read
from .samples import Place, SampleFile

AT_A_TIME = 32
"""Samples of one task that are in memory at once, and whose grades are written together."""


async def grade_samples(
    tasks: Iterable[LoadedTask[Any, Any]],
    samples: SampleFile,
    graded: GradedFile,
    sandbox: Sandbox,
    *,
    tasks_at_once: int,
    finished: Callable[[int], None] = lambda count: None,
) -> None:
    """Grade every sample that has no grade yet. `finished` is told how many more have one. The key
    of a task is completed once, and let go of with its last sample.

    Raises:
        InputError, MissingError: as `load_dataset`, or as `Grader.grade`; what is graded stays so.
    """
    room = asyncio.Semaphore(tasks_at_once)

    async def work(loaded: LoadedTask[Any, Any], places: list[Place]) -> None:
        try:
            grader = Grader(loaded, sandbox)
            for start in range(0, len(places), AT_A_TIME):
                some = places[start : start + AT_A_TIME]
                rows = [samples.read(place) for place in some]
                grades = await grader.grade([row.answer(loaded) for row in rows])
                for place, row, grade in zip(some, rows, grades, strict=True):
                    graded.add(place, row, grade)
                finished(len(some))
        finally:
            room.release()

    try:
        async with asyncio.TaskGroup() as group:
            async for loaded in read(iter(tasks)):
                places = list(filter(graded.lacks, samples.places.get(loaded.task.id, [])))
                if places:
                    await room.acquire()
                    group.create_task(work(loaded, places))
    except* PonderError as errors:
        raise first(errors) from None
