"""ER-PRM, entropy-regularised (Zhang et al., 2412.11006): RLHFlow's llama3.1-math-prm."""

from .format import Words
from .readout import Share
from .tagged import Tagged

ER_PRM = Tagged(
    "er-prm",
    Words((" +", " -")),
    Share(("positive", "negative")),
    "min",
    tag=" ки",
    first=" ",
    numbered=True,
)
"""As Math-Shepherd, with nothing between a tag and the next step, and the words " +" and " -" (as
RyanLiu112/compute-optimal-tts feeds it)."""
