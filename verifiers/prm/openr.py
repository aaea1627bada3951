"""OpenR's Math-psa (Wang et al., 2410.09671), a LoRA of Qwen2.5-Math-7B; merge it to use it."""

from .format import Words
from .readout import Share
from .tagged import Tagged

OPENR = Tagged(
    "openr",
    Words((" +", " -")),
    Share(("positive", "negative")),
    "last",
    tag=" \n\n\n\n\n",
    first=" ",
    inside=r"[ \t]*\n{3,}",
    instead="\n\n",
    numbered=True,
)
"""`{problem} Step 1: … \\n\\n\\n\\n\\nStep 2: …`, read at the tag, one token with its space.
More than two newlines inside a step become two.

Its training hid the tags from attention, its own inference (prm/infer_fns.py) does not, nor do we.
"""
