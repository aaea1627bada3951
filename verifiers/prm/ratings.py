"""Ratings in words, as the process reward model of 2305.20050 (section 2.5): a language model that
learns to predict one token, the rating, after each step."""

from .format import Words
from .readout import Share
from .tagged import Tagged

RATINGS = Tagged(
    "ratings",
    Words(("+", "=", "-")),
    Share(("positive", "neutral", "negative")),
    "product",
    tag="\n",
    prompt="{problem}\n",
    inside=r"\s*\n\s*",
    instead=" ",
    bos="always",
    alone=True,
    one_token=False,
)
"""bos, the problem, a newline, and each step with a newline, tokenised one by one; the rating is
read at the newline, and is not part of what later steps follow. The paper names neither its tokens
(the authors: -1, 0 and 1, in openai/prm800k#3) nor how texts are put together: these are ours, each
one token in the vocabularies of GPT-2, Llama and Qwen."""
