"""Which of LiveCodeBench's problems a name means.

    livecodebench                  the latest release
    livecodebench@release_v3       the first three files: problems of May 2023 to July 2024
    livecodebench@v6               what the sixth file added, alone
    livecodebench@v4_v6            what the fourth to the sixth added
    livecodebench@release_v5,from=2024-05-01,to=2024-09-01
                                   contests of those days, both ends included, of that release
    livecodebench@rules=harness    graded by the official harness's own rules

A contest has a time, and a day means its midnight, as in the official filter: `to=2024-09-01`
leaves out a contest of the morning of that day.

For PlanSearch, its paper names contests of May to September 2024; a notebook of its repository took
those of release_v3 from 2024-04-01 on, which end in July.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import InputError

LATEST = 6
"""The release that is meant where none is named."""
RELEASE = re.compile(r"release_v([1-9]\d?)|v([1-9]\d?)(?:_v([1-9]\d?))?")
FORMS = "release_v6, v6, v4_v6, from=2024-05-01, to=2024-09-01 or rules=harness"


@dataclass(frozen=True, slots=True)
class Release:
    """Files of the data set, and which of their rows."""

    first: int = 1
    last: int = LATEST
    named: bool = False
    """Whether the user said which."""
    since: datetime | None = None
    until: datetime | None = None
    harness: bool = False
    """Whether answers are compared as the official harness does."""

    @property
    def files(self) -> tuple[str, ...]:
        """Their names, oldest first."""
        return tuple(
            f"test{'' if number == 1 else number}.jsonl"
            for number in range(self.first, self.last + 1)
        )

    def has(self, row: Mapping[str, Any]) -> bool:
        """Whether a row's contest was within the days asked for.

        Raises:
            KeyError: it does not say when it was.
            ValueError: or not as a date.
        """
        if self.since is None and self.until is None:
            return True
        held = datetime.fromisoformat(row["contest_date"]).replace(tzinfo=None)
        return (self.since is None or self.since <= held) and (
            self.until is None or held <= self.until
        )


def read_release(text: str) -> Release:
    """What follows the "@", its parts in any order.

    Raises:
        InputError: some of it means nothing, or contradicts itself.
    """
    given: dict[str, Any] = {}
    for part in text.split(",") if text else ():
        for field, value in _part(part).items():
            if field in given:
                raise InputError(f"livecodebench@{text}: {part!r} says again what is said already")
            given[field] = value
    release = Release(**given)
    if release.since and release.until and release.since > release.until:
        raise InputError(f"livecodebench@{text}: it ends before it begins")
    return release


def _part(part: str) -> dict[str, Any]:
    name, _, value = part.partition("=")
    if match := RELEASE.fullmatch(part):
        whole, first, last = (int(group) if group else 0 for group in match.groups())
        if whole or first <= (last or first):
            return {"first": first or 1, "last": whole or last or first, "named": True}
    if part == "release_latest":
        return {"first": 1, "last": LATEST, "named": True}
    if part == "rules=harness":
        return {"harness": True}
    if name in ("from", "to"):
        return {"since" if name == "from" else "until": _day(value)}
    raise InputError(f"livecodebench: {part!r} is not one of {FORMS}")


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        raise InputError(f"livecodebench: {text!r} is not a day such as 2024-05-01") from None
