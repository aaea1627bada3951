"""Some of a data set's tasks, read no further than needed."""

from collections.abc import Iterator
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import CodeTask, LoadedTask, select

IDS = ["HumanEval/1", "HumanEval/2", "HumanEval/10", "HumanEval/11"]


class Read:
    """The tasks, and how many have been read."""

    def __init__(self) -> None:
        self.count = 0

    def __iter__(self) -> Iterator[LoadedTask[Any, Any]]:
        for id in IDS:
            self.count += 1
            yield LoadedTask(CodeTask(id, "Any."))


@pytest.mark.parametrize(
    ("ids", "limit", "chosen", "read"),
    [
        (None, None, [1, 2, 10, 11], 4),
        (None, 2, [1, 2], 2),
        (None, 9, [1, 2, 10, 11], 4),
        (["HumanEval/2"], None, [2], 2),
        (["10", "1"], None, [1, 10], 3),
        (["2", "HumanEval/2", "2"], None, [2], 2),
        (["11", "2"], 1, [2], 2),
        (["absent", "1"], 1, [1], 1),
    ],
)
def test_reading_ends_with_the_last_task_that_was_asked_for(
    ids: list[str] | None, limit: int | None, chosen: list[int], read: int
) -> None:
    tasks = Read()

    found = [loaded.task.id for loaded in select(tasks, ids, limit)]

    assert found == [f"HumanEval/{number}" for number in chosen]
    assert tasks.count == read


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("HumanEval/12", "no task 'HumanEval/12' among 4; the nearest is 'HumanEval/2'"),
        ("humaneval/2", "the nearest is 'HumanEval/2'"),
        ("100", "the nearest is 'HumanEval/10'"),
        ("?", "there is no task '\\?' among 4$"),
    ],
)
def test_an_unknown_id_is_refused_with_the_nearest(id: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(select(Read(), ["1", id]))


def test_what_asks_for_nothing_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="no ids"):
        select(Read(), [])
    with pytest.raises(InputError, match="at least 1, not 0"):
        select(Read(), limit=0)
