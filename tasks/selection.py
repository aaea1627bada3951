"""Some of a data set's tasks, read no further than they have to be."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..errors import InputError
from .code_task import LoadedTask


def select(
    tasks: Iterable[LoadedTask[Any, Any]],
    ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> Iterator[LoadedTask[Any, Any]]:
    """The tasks of those ids, or all, in the order they come in; the first `limit` of them.

    An id may lack its data set's prefix: "3" for "HumanEval/3". What `tasks` raises passes through.

    Raises:
        InputError: an id is nobody's (found out at the end, so only if the limit is not reached
            before), there are no ids, or `limit` is not positive.
    """
    if limit is not None and limit < 1:
        raise InputError(f"the limit on tasks must be at least 1, not {limit}")
    if ids is not None and not ids:
        raise InputError("no ids of tasks are given")
    return _selected(tasks, ids, limit)


def _selected(
    tasks: Iterable[LoadedTask[Any, Any]], ids: Sequence[str] | None, limit: int | None
) -> Iterator[LoadedTask[Any, Any]]:
    missing, seen, count = set(ids or ()), list[str](), 0
    for loaded in tasks:
        id = loaded.task.id
        seen.append(id)
        names = {id, id.partition("/")[2]} & missing
        if ids is not None and not names:
            continue
        missing -= names
        yield loaded
        count += 1
        if count == limit or (ids is not None and not missing):
            return
    for id in ids or ():
        if id in missing:
            raise InputError(_unknown(id, seen))


def _unknown(id: str, seen: list[str]) -> str:
    bare = {known.partition("/")[2]: known for known in seen}
    close = difflib.get_close_matches(id, [*seen, *bare], n=1)
    hint = f"; the nearest is {bare.get(close[0], close[0])!r}" if close else ""
    return f"there is no task {id!r} among {len(seen)}{hint}"
