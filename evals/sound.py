"""Whether a result that was read has values that numbers can be made of."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .results import Result

MOST_MISSING = 1_000_000
"""More than any search asks for; pass@k takes time in proportion."""
MOST = 1e18
"""Tokens, calls or seconds: beyond it, sums are no longer exact or finite."""


def refuse_unsound(result: "Result") -> None:
    """See that every value is of its kind, and no count is negative or beyond all use.

    Raises:
        ValueError: one is not, and which.
    """
    for name, sound in FIELDS.items():
        if not sound(getattr(result, name)):
            raise ValueError(f"no result: `{name}` cannot be {str(getattr(result, name))[:40]}")
    for sample in result.samples:
        if not (_text(sample.id) and _text(sample.reason) and _score(sample.score)):
            raise ValueError("no result: a sample's `id`, `score` or `reason` is none")
        if not all(map(_flag, (sample.public, sample.passed, sample.base))):
            raise ValueError(f"no result: sample {sample.id[:40]!r} has a grade that is none")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST


def _score(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _usage(value: Any) -> bool:
    return all(
        getattr(value, name) is None or _number(getattr(value, name)) for name in value.__slots__
    ) and all(map(_count, (value.calls, value.prompt_tokens, value.completion_tokens)))


def _counts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_count, value.values()))


def _selections(value: Any) -> bool:
    return all(n > 0 and _text(id) for chosen in value.values() for n, id in chosen.items())


FIELDS: Mapping[str, Callable[[Any], bool]] = {
    "run": _text,
    "missing": lambda value: _count(value) and value <= MOST_MISSING,
    "chosen": _text_or_none,
    "final": _text_or_none,
    "solved": _flag,
    "selections": _selections,
    "usage": _usage,
    "usage_by_kind": lambda value: all(map(_usage, value.values())),
    "thoughts": _count,
    "faults": _counts,
    "left_out": _counts,
    "stopped": _text,
    "seconds": _number,
    "caveat": _text,
    "error": _text_or_none,
    "worker": _text,
}
"""By field, whether a value of it is sound."""
