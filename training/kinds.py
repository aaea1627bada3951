"""Which kinds of reward model can be fitted: the format, and the model of transformers that it is
read from."""

from dataclasses import dataclass
from typing import Any, Literal

from ..errors import InputError
from ..verifiers.aggregation import Aggregate
from ..verifiers.prm import OUTCOME, PROCESS, Format, Words
from ..verifiers.prm.readout import Label
from ..verifiers.prm.recorded import Record
from .fit_options import ORMOptions, PRMOptions

CLASSES: dict[int, tuple[Label, ...]] = {
    1: (),
    2: ("negative", "positive"),
    3: ("negative", "neutral", "positive"),
}
"""What a token head's outputs stand for, as in TRL and ReasonEval; one output is p(right)."""
WORDED: dict[int, tuple[Label, ...]] = {
    2: ("positive", "negative"),
    3: ("positive", "neutral", "negative"),
}
"""What label words stand for, in their order."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of reward model."""

    record: Record
    """What its config.json will say; its head's name is not known before the model is."""
    auto: str
    """The class of transformers that it is loaded with."""
    outcome: bool = False
    over: Literal["vocabulary", "words"] = "words"
    """See `PRMOptions.over`."""

    @property
    def format(self) -> Format:
        """How it is written and read."""
        return self.record.apply((OUTCOME if self.outcome else PROCESS)[self.record.format])

    @property
    def outputs(self) -> int:
        """Of a head of its own."""
        return len(self.record.labels) or 1


def process_kind(options: PRMOptions) -> Kind:
    """Raises:
    InputError: the settings do not go together.
    """
    worded = options.format != "trl"
    if not worded:
        if options.words is not None:
            raise InputError("setting words: format trl has a head of its own, and reads no words")
        labels = CLASSES[options.outputs]
        return Kind(_record(options, labels, head="score"), "AutoModelForTokenClassification")
    head = PROCESS[options.format].head
    assert isinstance(head, Words)
    words = options.words or head.words
    if len(words) not in WORDED or len(set(words)) < len(words):
        raise InputError(
            f"setting words={','.join(words)}: must be two words (positive, negative) or three "
            "(positive, neutral, negative), no two alike"
        )
    if options.format == "rlhflow" and words[0] != head.words[0]:
        raise InputError(f"setting words: format rlhflow answers steps with {head.words[0]!r}")
    record = _record(options, WORDED[len(words)], words=words)
    return Kind(record, "AutoModelForCausalLM", over=options.over)


def outcome_kind(options: ORMOptions, tokenizer: Any) -> Kind:
    """Raises:
    InputError: a chat is wanted of a tokenizer that has no template for it.
    """
    value = options.format == "value"
    template = bool(getattr(tokenizer, "chat_template", None))
    chat = (template and not value) if options.chat is None else options.chat
    if chat and not template:
        raise InputError("setting chat=true: the base model's tokenizer has no chat template")
    record = _record(options, (), head="v_head.summary" if value else "score", chat=chat)
    auto = "AutoModelForCausalLM" if value else "AutoModelForSequenceClassification"
    return Kind(record, auto, outcome=True)


def _record(
    options: PRMOptions | ORMOptions,
    labels: tuple[Label, ...],
    *,
    words: tuple[str, ...] = (),
    head: str = "",
    chat: bool | None = None,
) -> Record:
    how: Aggregate = "last"
    if isinstance(options, PRMOptions):
        how = options.aggregate or PROCESS[options.format].aggregate
    return Record(options.format, how, labels, options.neutral, words, head, chat)
