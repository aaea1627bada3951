"""Math-Shepherd (Wang et al., 2312.08935): peiyi9979/math-shepherd-mistral-7b-prm."""

from .format import Words
from .readout import Share
from .tagged import Tagged

MATH_SHEPHERD = Tagged(
    "math-shepherd",
    Words(("+", "-")),
    Share(("positive", "negative")),
    "min",
    tag=" ки",
    first=" ",
    join="\n",
    inside=r"(?<!\w)ки(?!\w)",
    instead="к и",
    numbered=True,
)
"""`{problem} Step 1: … ки\\nStep 2: … ки`, read at the tag: p(+) against p(−). Solutions are as
good as their worst step (section 3.4). A "ки" that stands alone inside a step is written "к и"."""
