"""Results as an evaluation writes them, in few words."""

from collections.abc import Mapping, Sequence
from typing import Any

from ponder.evals.results import Result, Sample
from ponder.models import Usage


def result(
    task: str,
    grades: Sequence[bool | None] = (),
    public: Sequence[bool | None] | None = None,
    tokens: int = 100,
    solved: bool | None = None,
    kinds: Mapping[str, Usage] | None = None,
    **rest: Any,
) -> Result:
    """A task with a sample for each grade, named s1, s2, …"""
    usage = rest.pop("usage", Usage(len(grades), tokens // 2, tokens - tokens // 2, 0.01, 1.0))
    return Result(
        task,
        samples=tuple(
            Sample(f"s{place + 1}", public[place] if public else None, passed=passed)
            for place, passed in enumerate(grades)
        ),
        solved=solved,
        usage=usage,
        usage_by_kind={"code": usage} if kinds is None else kinds,
        **rest,
    )
