"""The losses of many spans: each one read once, together with others of its length.

Nothing is kept of what was read but its loss: few texts that are scored begin alike, so a cache of
keys and values (models/local/decoder.py) would cost more than it saves.
"""

import hashlib
import math
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ...models.local import Decoder
from ...models.local.passes import in_passes
from ...models.local.scoring import likelihoods
from .difficulty import Loss
from .spans import Span

BATCH = {"cpu": 1024}
BATCH_ELSEWHERE = 16384
"""Tokens of a pass, padding included. On a processor larger ones are slower."""
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
    read: int = 0
    """Tokens that went through the model ..."""
    padded: int = 0
    """... and padding with them."""
    most: int = 0
    """Tokens of the largest pass, padding included ..."""
    most_scored: int = 0
    """... and the most whose logits were wanted of one."""


class Losses:
    """A student that is held in memory. Not for two threads at once."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.counters = Counters()
        self._budget = BATCH.get(decoder.device.type, BATCH_ELSEWHERE)
        self._known: OrderedDict[bytes, Loss] = OrderedDict()

    def __call__(self, spans: Sequence[Span]) -> list[Loss | str]:
        """The mean loss of each, in nats a token; or why there is none. One that fails costs no
        other its own."""
        keys = [_key(span) for span in spans]
        new = {key: span for key, span in zip(keys, spans, strict=True) if key not in self._known}
        self.counters.asked += len(spans)
        self.counters.forwards += len(new)
        found: dict[bytes, Loss | str] = {}
        order = list(new)
        for batch in in_passes([len(new[key].ids) for key in order], self._budget):
            some = [order[place] for place in batch]
            found.update(zip(some, self._read([new[key] for key in some]), strict=True))
        results = [found[key] if key in found else self._known[key] for key in keys]
        for key, result in zip(keys, results, strict=True):
            if isinstance(result, str):  # it may have been memory that was short: tried again
                continue
            self._known[key] = result
            self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return results

    def forget(self) -> None:
        """Remember nothing of what was read."""
        self._known.clear()

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

    @torch.inference_mode()
    def _losses(self, spans: Sequence[Span]) -> list[Loss | str]:
        lengths = [len(span.ids) for span in spans]
        for span in spans:
            self.decoder.check(span.ids, ())
        ids = torch.zeros(len(spans), max(lengths), dtype=torch.long)  # padded at the ends
        for row, span in enumerate(spans):
            ids[row, : lengths[row]] = torch.tensor(span.ids)
        with self.decoder.turns:
            states = self.decoder.base(
                input_ids=ids.to(self.decoder.device), use_cache=False
            ).last_hidden_state
        # Of a token, the state before it is read: [tokens, hidden] of each, then of all.
        before = [states[row, span.start - 1 : lengths[row] - 1] for row, span in enumerate(spans)]
        said = [id for span in spans for id in span.scored]
        logs = likelihoods(self.decoder, torch.cat(before).float(), said)
        self.counters.scored += len(said)
        self.counters.most = max(self.counters.most, ids.numel())
        self.counters.most_scored = max(self.counters.most_scored, len(said))
        self.counters.read += sum(lengths)
        self.counters.padded += ids.numel() - sum(lengths)
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
