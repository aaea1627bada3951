"""How a reply is sampled."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sampling:
    """Parameters of one call; None leaves one to the model."""

    temperature: float | None = 0.9
    top_p: float | None = 0.95
    max_tokens: int = 4096
    stop: tuple[str, ...] = ()


PAPER = Sampling()
"""PlanSearch's for every method: temperature 0.9, top_p 0.95 (section 5.2, appendix F), and at most
4096 tokens."""
