"""Questions for fitting, and questions for validation."""

import hashlib
from collections.abc import Sequence

from ..errors import InputError
from .examples import Example, by_question


def split(
    examples: Sequence[Example], share: float, seed: int
) -> tuple[list[Example], list[Example]]:
    """The examples without, and of, a share of the questions, at least one of each. A question's
    rows are never divided (2408.03314, appendix D: 10 % of the questions). Which questions they are
    depends on the seed and the questions alone, not on their order or number of rows.

    Raises:
        InputError: there is one question only.
    """
    if not share:
        return list(examples), []
    groups = by_question(examples)
    if len(groups) < 2:
        raise InputError(
            f"{len(groups)} question{'s' * (len(groups) != 1)} cannot be split for validation; "
            "give validation data, or the setting validation=0"
        )
    kept = drawn(list(groups), share, seed)
    return (
        [one for one in examples if one.question not in kept],
        [one for one in examples if one.question in kept],
    )


def drawn(names: Sequence[str], share: float, seed: int) -> set[str]:
    """A share of different names, at least one, and not all."""
    order = sorted(names, key=lambda name: _draw(name, seed))
    return set(order[: min(len(names) - 1, max(1, round(share * len(names))))])


def _draw(question: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{question}".encode("utf-8", "replace")).digest()
