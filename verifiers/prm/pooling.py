"""Answers of vLLM's `/pooling`: one row of numbers for each token, or one for each step tag, as the
server's pooler is set. Anything else gives no scores, and a reason."""

import math
from typing import Any

from .format import Rendered


class NoScores(Exception):
    """Why a request gave none, in one line."""


def read(answer: Any, ready: Rendered, outputs: int | None) -> list[list[float]]:
    """The numbers of each step in an answer of `/pooling`.

    Raises:
        NoScores: they are not there, or not as many as they must be.
    """
    try:
        data = answer["data"][0]["data"]
    except (KeyError, IndexError, TypeError):
        raise NoScores("the server's answer has no data[0].data") from None
    rows = _rows(data, outputs)
    width = len(rows[0])
    if outputs not in (None, width):
        raise NoScores(
            f"the server gave rows of {width} numbers, not {outputs}: "
            "is the model served as a reward model?"
        )
    if len(rows) == len(ready.positions):
        return rows
    if len(rows) == len(ready.ids):
        return [rows[position] for position in ready.positions]
    raise NoScores(
        f"the server gave {len(rows)} rows for {len(ready.positions)} steps and "
        f"{len(ready.ids)} tokens"
    )


def _rows(data: Any, outputs: int | None) -> list[list[float]]:
    """Rows of like length, however the server nests them."""
    if isinstance(data, list) and data and not any(isinstance(row, list) for row in data):
        data = [data] if outputs == len(data) > 1 else [[value] for value in data]
    if not isinstance(data, list) or not data or not all(isinstance(row, list) for row in data):
        raise NoScores("the server's answer holds no rows of numbers")
    if len({len(row) for row in data}) != 1 or not data[0]:
        raise NoScores("the server's answer holds rows of different lengths")
    if not all(type(value) in (int, float) for row in data for value in row):
        raise NoScores("the server's answer holds what is no number")
    return [[float(value) for value in row] for row in data]


def as_logits(row: list[float], activated: bool) -> list[float]:
    """The numbers before their softmax, if it was taken: several from 0 to 1 that add up to 1 are
    shares already. One number shows nothing of the kind, so `activated` says whether it is a
    sigmoid."""
    if len(row) == 1:
        return [_logit(row[0])] if activated else row
    if all(0 <= value <= 1 for value in row) and abs(math.fsum(row) - 1) < 1e-3:
        return [math.log(value) if value else -math.inf for value in row]
    return row


def _logit(share: float) -> float:
    if not 0 < share < 1:
        return math.inf if share >= 1 else -math.inf
    return math.log(share / (1 - share))
