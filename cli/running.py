"""One arm's tasks, from the first to the last."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..tasks import LoadedTask
from .progress import Progress

if TYPE_CHECKING:
    from ..evals.runner import Arm


async def put_through(
    tasks: Iterator[LoadedTask[Any, Any]], arm: "Arm", concurrency: int, progress: Progress
) -> None:
    """Have the arm do every task that its folder has no result of, and tell of each.

    Raises:
        InputError, MissingError, StoreError, ModelUnavailable: as `evals.runner.evaluate`.
    """
    from ..evals.arms import start
    from ..evals.runner import evaluate
    from ..models import disconnect

    try:
        await start([arm])
        await evaluate(
            tasks,
            [arm],
            concurrency,
            lambda arm, result: progress.finished(arm.name, result),
        )
    finally:
        await disconnect()
