"""The losses of many spans: each one read once, together with others of its length."""

import hashlib
import math
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ...models.local import Decoder
from ...models.local.scoring import likelihoods
from .difficulty import Loss
from .spans import Span

TOGETHER = 16384
"""Tokens whose last states are held at once."""
REMEMBERED = 200_000
"""Losses that are."""


@dataclass
class Counters:
    """What was done so far."""

    asked: int = 0
    """Spans whose loss was wanted."""
    forwards: int = 0
    """Spans that were read; the others were remembered."""
    scored: int = 0
    """Tokens whose logits were computed."""


class Losses:
    """A student that is held in memory. Not for two threads at once."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.counters = Counters()
        self._known: OrderedDict[bytes, Loss | str] = OrderedDict()

    def __call__(self, spans: Sequence[Span]) -> list[Loss | str]:
        """The mean loss of each, in nats a token; or why there is none. One that fails costs no
        other its own."""
        keys = [_key(span) for span in spans]
        new = {key: span for key, span in zip(keys, spans, strict=True) if key not in self._known}
        self.counters.asked += len(spans)
        self.counters.forwards += len(new)
        found: dict[bytes, Loss | str] = {}
        for some in _portions(new):
            found.update(zip(some, self._read([new[key] for key in some]), strict=True))
        results = [found[key] if key in found else self._known[key] for key in keys]
        for key, result in zip(keys, results, strict=True):
            self._known[key] = result
            self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return results

    def _read(self, spans: Sequence[Span]) -> list[Loss | str]:
        """If they fail together, each half is tried by itself, down to those that fail alone."""
        try:
            return self._losses(spans)
        except Exception as error:  # noqa: BLE001  whatever an input does to a model
            if len(spans) == 1:
                line = " ".join(str(error).split())[:200] or type(error).__name__
                return [f"the student failed: {line}"]
        half = len(spans) // 2
        return self._read(spans[:half]) + self._read(spans[half:])

    def _losses(self, spans: Sequence[Span]) -> list[Loss | str]:
        # Of a token, the state before it is read: [tokens, hidden] of each, then of all.
        before = [range(span.start - 1, len(span.ids) - 1) for span in spans]
        states = torch.cat(self.decoder.states([span.ids for span in spans], before))
        said = [id for span in spans for id in span.scored]
        self.counters.scored += len(said)
        logs = likelihoods(self.decoder, states, said)
        found: list[Loss | str] = []
        end = 0
        for span in spans:
            end, begin = end + len(span.scored), end
            mean = -math.fsum(logs[begin:end]) / (end - begin)
            finite = math.isfinite(mean)
            found.append(Loss(mean, end - begin) if finite else f"the student's loss is {mean}")
        return found


def _key(span: Span) -> bytes:
    content = array("q", (span.start, *span.ids)).tobytes()
    return hashlib.blake2b(content, digest_size=16).digest()


def _portions(spans: dict[bytes, Span]) -> list[list[bytes]]:
    """The keys of what is read at once, those that begin alike side by side, so that their
    beginning is read once."""
    portions: list[list[bytes]] = []
    size = TOGETHER
    for key in sorted(spans, key=lambda key: spans[key].ids):
        if size + len(spans[key].ids) > TOGETHER:
            portions.append([])
            size = 0
        portions[-1].append(key)
        size += len(spans[key].ids)
    return portions
