"""ProcessBench's rows (Zheng et al., 2412.06559): solutions, and where they first go wrong."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..tasks import read_rows
from .bad import Bad
from .examples import Example


def read_processbench(path: Path, bad: Bad | None = None) -> Iterator[tuple[Example, int]]:
    """Each solution with the index of its first wrong step, from 0, or -1 if there is none.

    A row has `problem`, `steps` and `label`, and `id` if it likes; further columns are let through
    unread.

    Raises:
        InputError: there is no such file, it is no JSON, or (unless `bad` skips) a row is bad.
    """
    bad = bad or Bad()
    for row, where in read_rows(path):
        try:
            found = _row(row, where)
        except ValueError as error:
            bad.row(where, str(error))
        else:
            yield found


def _row(row: Any, where: str) -> tuple[Example, int]:
    if not isinstance(row, Mapping):
        raise ValueError("not an object")
    problem, steps, label = row.get("problem"), row.get("steps"), row.get("label")
    if not isinstance(problem, str) or not problem.strip():
        raise ValueError("`problem` must be text, and not empty")
    if not isinstance(steps, list) or not steps or not all(isinstance(x, str) for x in steps):
        raise ValueError("`steps` must be a list of texts, and not empty")
    if isinstance(label, bool) or not isinstance(label, int) or not -1 <= label < len(steps):
        raise ValueError("`label` must be the index of a step, or -1")
    return Example(problem, tuple(steps), id=str(row.get("id") or ""), where=where), label
