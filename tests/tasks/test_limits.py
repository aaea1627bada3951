"""What a program may use: what is refused, and where it is given."""

from typing import Any

import pytest

from ponder.errors import InputError
from ponder.tasks import CodeTask, Limits, task_from_data, task_from_json, task_to_json

TASK: dict[str, Any] = {
    "statement": "Any.",
    "entry_point": "f",
    "public_tests": [{"input": [1], "expected": 1}],
}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("cpu_seconds", 0, "cpu_seconds must be a positive number, not 0"),
        ("wall_seconds", float("nan"), "wall_seconds must be a positive number"),
        ("stack_bytes", -1, "stack_bytes must be"),
        ("threads", 49, "threads must be at most 48, not 49"),
        ("memory_bytes", 2**20, "memory_bytes must be at least 32 MiB"),
    ],
)
def test_limits_that_cannot_be_kept_are_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Limits(**{field: value})


def test_a_task_file_gives_sizes_as_numbers_or_in_words() -> None:
    limits = {"cpu_seconds": 20, "memory_bytes": "1G", "result_bytes": "512K", "input_bytes": 9}

    task = task_from_data({**TASK, "limits": limits}, "here").task

    assert task.limits == Limits(
        cpu_seconds=20, memory_bytes=2**30, result_bytes=2**19, input_bytes=9
    )
    assert task_from_data(TASK, "here").task.limits is None


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"memory": "1G"}, "`limits.memory` is not one of cpu_seconds, wall_seconds"),
        ({"memory_bytes": "much"}, "`limits.memory_bytes`: input should be a valid integer"),
        ({"memory_bytes": "1K"}, "here: limits: memory_bytes must be at least 32 MiB"),
        ({"threads": 0}, "here: limits: threads must be a positive number"),
    ],
)
def test_a_task_file_s_wrong_limits_are_named(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        task_from_data({**TASK, "limits": limits}, "here")


@pytest.mark.parametrize("limits", [None, Limits(threads=2)])
def test_a_task_s_limits_are_stored_with_it(limits: Limits | None) -> None:
    task = CodeTask("t", "Any.", limits=limits)

    assert task_from_json(task_to_json(task)) == task
