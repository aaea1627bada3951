"""Skywork-o1-Open-PRM (Qwen 2.5, 1.5B and 7B)."""

from .format import Layers
from .readout import Sigmoid
from .tagged import Tagged

SKYWORK = Tagged(
    "skywork",
    Layers("v_head.summary"),
    Sigmoid(),
    "last",
    tag="\n",
    prompt="{problem}\n",
    inside=r"\s*\n\s*",
    instead=" ",
    bos="always",
    alone=True,
)
"""bos, the problem, a newline, and each step with a newline, tokenised one by one and read at the
newline (skywork-o1-prm-inference, `prepare_input`).

There a newline inside a step makes two of it, and a blank line a step that is empty; here it
becomes a space, as in RyanLiu112/compute-optimal-tts. Its authors name no aggregation.
"""
