"""What rollouts say of the step that they go on from."""

from dataclasses import dataclass
from typing import Literal

Labels = Literal["soft", "hard"]
Unfinished = Literal["wrong", "out"]


@dataclass(frozen=True, slots=True)
class Value:
    """How often what followed a step came out right."""

    right: int = 0
    counted: int = 0
    """Rollouts that say something; an estimate of p from them has the variance p(1 - p) / counted
    (soft)."""
    why: str = ""
    """Why others say nothing, where any do: the kind of the first fault."""

    def label(self, labels: Labels) -> float | None:
        """Soft: the share that is right (2408.03314). Hard: 1 if any is, else 0 (Math-Shepherd's
        hard estimation; RLHFlow). None where no rollout counts."""
        if not self.counted:
            return None
        return self.right / self.counted if labels == "soft" else float(self.right > 0)
