"""What is done about a row that cannot be used."""

from collections import Counter
from dataclasses import dataclass, field

from ..errors import InputError


@dataclass
class Bad:
    """Refuses the first bad row, or with `skip` leaves bad rows out and counts them."""

    skip: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    """By reason, without where they were and what they held."""
    first: dict[str, str] = field(default_factory=dict)
    """By reason, the first of them in full."""

    def row(self, where: str, reason: str, detail: str = "") -> None:
        """A row is bad. `where` is its file and line; `detail` is what only this one has.

        Raises:
            InputError: bad rows are not to be skipped.
        """
        line = f"{where}: {reason}{detail and f': {detail}'}"
        if not self.skip:
            raise InputError(f"{line} (--skip-bad leaves such rows out)")
        self.counts[reason] += 1
        self.first.setdefault(reason, line)

    @property
    def total(self) -> int:
        """How many rows were left out."""
        return self.counts.total()

    def lines(self) -> list[str]:
        """What was left out, a line a reason: how often, and the first of them."""
        return [
            f"left out {count} row{'s' * (count > 1)}: {reason} (first: {self.first[reason]})"
            for reason, count in self.counts.most_common()
        ]
