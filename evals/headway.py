"""How far an evaluation has come: what is done, how fast, at what cost, and what is to come."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..models.base import Usage
from .results import Result


@dataclass
class Headway:
    """Counts the results of one run as they come."""

    total: int | None = None
    """Tasks in all, where that is known."""
    done: int = 0
    before: int = 0
    """Of those done, how many were there when it started."""
    failed: int = 0
    """Tasks that came to no result."""
    usage: Usage = field(default_factory=Usage)
    """Of all that is done."""
    started: float = field(default_factory=time.monotonic)
    _shares: float = 0.0
    _graded: int = 0

    def begin(self, results: Iterable[Result]) -> None:
        """Count what a folder has already."""
        for result in results:
            if result.error is None:
                self.add(result)
        self.before = self.done
        self.started = time.monotonic()

    def add(self, result: Result) -> None:
        """Count a result."""
        if result.error is not None:
            self.failed += 1
            return
        self.done += 1
        self.usage += result.usage
        if result.solved is not None:
            self._graded += 1
            self._shares += result.right / max(1, result.drawn)

    @property
    def pass_at_1(self) -> float | None:
        """The mean share of right samples so far."""
        return self._shares / self._graded if self._graded else None

    def line(self) -> str:
        """All of it, for a human."""
        minutes = (time.monotonic() - self.started) / 60
        rate = (self.done - self.before) / minutes if minutes else 0.0
        parts = [
            f"{self.done}/{self.total or '?'}",
            f"{rate:.1f} tasks/min",
            f"{self.usage.calls} calls, {self.usage.tokens:,} tokens, {self._cost()}",
        ]
        if self.pass_at_1 is not None:
            parts.append(f"pass@1 {self.pass_at_1:.3f}")
        if self.failed:
            parts.append(f"{self.failed} without a result")
        left = None if self.total is None else self.total - self.done - self.failed
        if left and rate:
            parts.append(f"{_time(left / rate)} left")
        return "  ·  ".join(parts)

    def _cost(self) -> str:
        spent = self.usage.cost
        if spent is None:
            return "price unknown"
        if not self.done or self.total is None or self.done >= self.total:
            return f"${spent:.2f}"
        return f"${spent:.2f} of about ${spent / self.done * self.total:.2f}"


def _time(minutes: float) -> str:
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
