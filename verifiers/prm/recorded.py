"""What a reward model that was fitted here says of itself in its config.json, so that it loads back
without being told its format."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast, get_args

from ...errors import InputError
from ..aggregation import AGGREGATES, Aggregate
from .format import Format, Layers, Words
from .outcome import Outcome
from .readout import Label, Readout, Share, Sigmoid
from .tagged import Tagged

KEY = "ponder"
"""Where it stands in config.json."""


@dataclass(frozen=True, slots=True)
class Record:
    """A format by its name, and how this checkpoint's is unlike the one of that name."""

    format: str
    aggregate: Aggregate
    labels: tuple[Label, ...] = ()
    """What the outputs stand for; none where the one output is p(right), by the logistic
    function."""
    neutral: Literal["positive", "negative"] = "positive"
    words: tuple[str, ...] = ()
    """The label words, where the language model's head is read."""
    head: str = ""
    """What the names of the head's tensors begin with, where it is not."""
    chat: bool | None = None
    """Of outcome formats: see `Outcome.chat`."""

    def apply(self, format: Format) -> Format:
        """The format as this checkpoint has it."""
        readout: Readout = Share(self.labels, self.neutral) if self.labels else Sigmoid()
        head = Words(self.words) if self.words else Layers(self.head)
        # Formats are frozen dataclasses, which no Protocol can say.
        plain = replace(cast(Tagged, format), aggregate=self.aggregate, head=head, readout=readout)
        if self.chat is None or not isinstance(format, Outcome):
            return plain
        return replace(cast(Outcome, plain), chat=self.chat)

    def to_json(self) -> dict[str, Any]:
        """As it stands in config.json."""
        return asdict(self)


def recorded(path: str, config: Mapping[str, Any]) -> Record | None:
    """What a config.json has of it; None if it has nothing.

    Raises:
        InputError: it is there, and not as we write it.
    """
    held = config.get(KEY)
    if held is None:
        return None
    try:
        record = Record(**{**held, "labels": tuple(held["labels"]), "words": tuple(held["words"])})
        if record.aggregate not in AGGREGATES or record.neutral not in ("positive", "negative"):
            raise ValueError("it has a value that is not known")
        if not set(record.labels) <= set(get_args(Label)):
            raise ValueError("it has a label that is not known")
    except (TypeError, ValueError, KeyError) as error:
        raise InputError(f"{path}: `{KEY}` in its config.json cannot be read: {error}") from None
    return record
