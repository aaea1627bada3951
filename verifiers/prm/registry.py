"""Formats by name: what a user calls them, and what published checkpoints are called."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from ...errors import InputError
from ..aggregation import Aggregate
from .er_prm import ER_PRM
from .format import Format, Layers
from .llemma import LLEMMA
from .math_shepherd import MATH_SHEPHERD
from .openr import OPENR
from .outcome import Outcome
from .pqm import PQM
from .pure import PURE
from .qwen_math import QwenMath
from .ratings import RATINGS
from .readout import Share
from .reason_eval import ReasonEval
from .recorded import recorded
from .rlhflow import RLHFlow, RLHFlowORM
from .skywork import SKYWORK
from .tagged import Tagged
from .token_classification import TOKEN_CLASSIFICATION, with_labels

_PROCESS: tuple[Format, ...] = (
    MATH_SHEPHERD,
    RLHFlow(),
    QwenMath(),
    SKYWORK,
    ReasonEval("reasoneval-7b", back=1),
    ReasonEval("reasoneval-34b"),
    LLEMMA,
    TOKEN_CLASSIFICATION,
    OPENR,
    ER_PRM,
    PQM,
    PURE,
    RATINGS,
)
_OUTCOME: tuple[Format, ...] = (
    RLHFlowORM(),
    Outcome("classifier"),
    Outcome("value", head=Layers("v_head.summary"), chat=False),
)
PROCESS: Mapping[str, Format] = {one.name: one for one in _PROCESS}
"""Formats that score steps."""
OUTCOME: Mapping[str, Format] = {one.name: one for one in _OUTCOME}
"""Formats that score whole solutions."""

PUBLISHED = (
    (r"math-shepherd", "math-shepherd"),
    (r"\bprm-(mistral|deepseek)-data", "rlhflow"),
    (r"\borm-(mistral|deepseek)-data", "rlhflow-orm"),
    (r"qwen2\.5-math-(7b-prm800k|prm-\d+b)", "qwen2.5-math-prm"),
    (r"skywork-o1-open-prm", "skywork"),
    (r"reasoneval-7b", "reasoneval-7b"),
    (r"reasoneval-34b", "reasoneval-34b"),
    (r"llemma-\d+b-prm", "llemma"),
    (r"math-psa", "openr"),
    (r"llama3\.1-math-prm|\ber-prm", "er-prm"),
    (r"\bpqm\b", "pqm"),
    (r"pure-prm", "pure"),
)
"""Parts of hub ids, and of the folders they are kept in, with their formats."""
ARCHITECTURES = (
    (r"ForProcessRewardModel$", "qwen2.5-math-prm"),
    (r"ForPrmModel$", "skywork"),
    (r"ForTokenClassification$", "trl"),
    (r"ForSequenceClassification$", "classifier"),
)
"""What a checkpoint's config.json says it is, where its name says nothing."""


def find_format(
    path: str,
    *,
    format: str | None = None,
    config: Mapping[str, Any] | None = None,
    outcome: bool = False,
) -> Format:
    """The format called `format`, or else the one that a checkpoint's config.json says that it was
    fitted in, or that its name, or the kind of model it is, shows it to have. A token classifier's
    labels are taken from its config.

    Raises:
        InputError: there is none by that name, or nothing shows which; lists them.
    """
    known = OUTCOME if outcome else PROCESS
    record = recorded(path, config or {})
    own = record.format if record and record.format in known else None
    name = format or own or _published(path, known) or _architecture(config or {}, known)
    kind = "orm" if outcome else "prm"
    if name is None:
        absent = "" if config else " (there is no such folder, so it is taken for a model's id)"
        raise InputError(
            f"{kind} {path!r}: neither its name nor its config.json says what format it has"
            f"{absent}; say format= one of {', '.join(known)}"
        )
    if name not in known:
        raise InputError(f"{kind} {path!r}: format {name!r} is not one of {', '.join(known)}")
    found = known[name]
    if record is not None and name == own:
        return record.apply(found)
    labels = (config or {}).get("id2label")
    if found is TOKEN_CLASSIFICATION and labels:
        return with_labels(TOKEN_CLASSIFICATION, _in_order(path, labels))
    return found


def _published(path: str, known: Mapping[str, Format]) -> str | None:
    lowered = path.lower()
    found = (name for part, name in PUBLISHED if name in known and re.search(part, lowered))
    return next(found, None)


def _architecture(config: Mapping[str, Any], known: Mapping[str, Format]) -> str | None:
    named = config.get("architectures")
    for architecture in named if isinstance(named, list) else ():
        for end, name in ARCHITECTURES:
            if name in known and re.search(end, str(architecture)):
                return name
    return None


def _in_order(path: str, labels: Any) -> list[str]:
    try:
        return [str(labels[key]) for key in sorted(labels, key=int)]
    except (TypeError, ValueError):
        raise InputError(
            f"{path}: `id2label` in its config.json must give each number a label, "
            f"not {str(labels)[:60]}"
        ) from None


def adjusted(
    format: Format, *, aggregate: Aggregate | None = None, neutral: str | None = None
) -> Format:
    """The format with another aggregation, or with another use of the neutral label.

    Raises:
        InputError: it has no neutral label, or its scores cannot be multiplied.
    """
    # Formats are frozen dataclasses, which no Protocol can say.
    plain = cast(Tagged, format)
    if neutral is not None:
        readout = format.readout
        if not isinstance(readout, Share) or "neutral" not in readout.labels:
            raise InputError(f"neutral={neutral}: format {format.name} has no neutral label")
        if neutral not in ("positive", "negative"):
            raise InputError(f"neutral={neutral} must be positive or negative")
        plain = replace(plain, readout=replace(readout, neutral=cast(Any, neutral)))
    if aggregate is not None:
        low, high = format.readout.range
        if aggregate == "product" and not 0 <= low <= high <= 1:
            raise InputError(
                f"aggregate=product: scores of format {format.name} lie between {low:g} and "
                f"{high:g}, and only those between 0 and 1 can be multiplied"
            )
        plain = replace(plain, aggregate=aggregate)
    return plain
