"""Llemma PRMs of "Easy-to-Hard Generalization" (Sun et al., 2403.09472), by ScalableMath."""

from .format import Layers
from .readout import Sigmoid
from .tagged import Tagged

LLEMMA = Tagged(
    "llemma",
    Layers("score"),
    Sigmoid(outputs=None),
    "product",
    tag="\n\n",
    prompt="# Question\n\n{problem}\n\n# Solution\n\n",
    inside=r"\n\s*\n",
    instead="\n",
    read="first",
    one_token=False,
)
"""Each step ends with a blank line, two tokens, of which the first is read (`scores[pos - 2]` of
its inference_reward.py): the logistic function of the mean of the head's outputs. Blank lines
inside a step become single newlines.

There a solution's last reward is read at its end, after "# Answer"; here the last step is read as
all others, so that steps keep their scores as the solution grows.
"""
