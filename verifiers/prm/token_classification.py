"""Token classifiers as TRL's PRMTrainer made them (`AutoModelForTokenClassification`)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...errors import InputError
from .format import Layers
from .readout import Label, Readout, Share, Sigmoid
from .tagged import Tagged

TOKEN_CLASSIFICATION = Tagged(
    "trl",
    Layers("score"),
    Share(("negative", "positive")),
    "product",
    tag="\n",
    inside=r"\s*\n\s*",
    instead=" ",
    bos="always",
    alone=True,
    one_token=False,
)
"""bos, the prompt, and each step with a separator, each tokenised alone (`tokenize_row`), read at
the separator's last token. Newlines inside a step become spaces: whatever the separator, no step
holds one. TRL's documentation tokenises the whole as one text instead, which is not what the
trainer did. Another separator: `replace(TOKEN_CLASSIFICATION, tag=…, inside=…)`."""

NAMES: Mapping[str, Label] = {
    "positive": "positive", "pos": "positive", "+": "positive", "correct": "positive",
    "neutral": "neutral", "neu": "neutral", "0": "neutral",
    "negative": "negative", "neg": "negative", "-": "negative", "incorrect": "negative",
}  # fmt: skip
BY_COUNT: Mapping[int, tuple[Label, ...]] = {
    2: ("negative", "positive"),
    3: ("negative", "neutral", "positive"),
}


def with_labels(format: Tagged, names: Sequence[str]) -> Tagged:
    """The format with the labels of a checkpoint (its `id2label` in order): by their names where
    those say what they are, else by their number (2: negative, positive; 3: neutral between). One
    output alone is p(right) by the logistic function, whatever its name.

    Raises:
        InputError: neither tells.
    """
    if len(names) == 1:
        return replace(format, readout=Sigmoid())
    known = [NAMES.get(name.strip().lower()) for name in names]
    labels = tuple(label for label in known if label is not None)
    if len(labels) != len(names) or "positive" not in labels or len(set(labels)) != len(labels):
        if len(names) not in BY_COUNT:
            raise InputError(f"{format.name}: cannot tell which of {', '.join(names)} is right")
        labels = BY_COUNT[len(names)]
    readout: Readout = Share(labels)
    return replace(format, readout=readout)
