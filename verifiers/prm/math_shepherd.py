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
    numbered=True,
)
"""`{problem} Step 1: … ки\\nStep 2: … ки`, read at the tag: p(+) against p(−). Solutions are as
good as their worst step (section 3.4). Steps that lack their numbers are given them, as in its
training data; search-and-learn and others feed them as they are."""
