"""Some of a data set's tasks, read no further than needed. (A stand-in until the branch lands.)"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from .code_task import LoadedTask


def select(
    tasks: Iterable[LoadedTask[Any, Any]], ids: Sequence[str] | None, limit: int | None
) -> Iterator[LoadedTask[Any, Any]]:
    """Those of the ids, at most `limit`."""
    chosen = (one for one in tasks if ids is None or one.task.id in ids)
    return islice(chosen, limit)
