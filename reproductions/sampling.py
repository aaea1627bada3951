"""Many replies of a small model at once: what ponder's own engine does for a few hundred, for
hundreds of thousands.

Prefixes are read once each, whatever the number of samples of them, and rows that are over make
room. Given the same order of calls, the same replies.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from reproductions.arithmetic import Question, Solution, read
from reproductions.generator import written

TOP_P = 0.95
"""Nucleus sampling, from which all that the generator was taught comes, but little else: without
it one solution of sixty leaves an operation out or takes another. Reward models never get to see
enough of these to know them, and choose them, among many samples (over-optimisation)."""
ROWS = 1024
"""Decoded together."""


@dataclass
class Sampler:
    """A model, its tokenizer, and the luck of its draws."""

    model: Any
    words: Any
    random: torch.Generator

    def __post_init__(self) -> None:
        takes = inspect.signature(self.model.forward).parameters
        self._cache = "cache" if "cache" in takes else "past_key_values"  # before 5.24

    @classmethod
    def load(cls, folder: Path, seed: int) -> "Sampler":
        """From a folder."""
        model: Any = AutoModelForCausalLM.from_pretrained(folder)
        words = AutoTokenizer.from_pretrained(folder)
        return cls(model.eval(), words, torch.Generator().manual_seed(seed))

    def solutions(
        self, questions: Sequence[Question], n: int, *, temperature: float = 1.0
    ) -> list[list[Solution]]:
        """`n` solutions of each question."""
        asked = [written(self.words, one)[0] for one in questions]
        replies = self.sample(asked, n=n, temperature=temperature)
        return [
            [self.read(question, ids) for ids in some]
            for question, some in zip(questions, replies, strict=True)
        ]

    def read(self, question: Question, ids: Sequence[int]) -> Solution:
        """A reply as a solution."""
        text = self.words.decode(ids, skip_special_tokens=True)
        ended = bool(ids) and ids[-1] == self.words.eos_token_id
        return read(question, text, ended=ended)

    @torch.inference_mode()
    def sample(
        self,
        prefixes: Sequence[Sequence[int]],
        *,
        n: int = 1,
        temperature: float = 1.0,
        stop: int | None = None,
        most: int = 80,
    ) -> list[list[list[int]]]:
        """`n` replies to each prefix: their tokens, up to and with the end, or the token `stop`, or
        `most` of them."""
        found: list[list[list[int]]] = [[] for _ in prefixes]
        order = sorted(range(len(prefixes)), key=lambda i: len(prefixes[i]))
        each = max(1, ROWS // n)
        for begin in range(0, len(order), each):
            places = order[begin : begin + each]
            left = n
            while left:
                now = min(left, ROWS)
                replies = self._batch([prefixes[i] for i in places], now, temperature, stop, most)
                for row, reply in enumerate(replies):
                    found[places[row // now]].append(reply)
                left -= now
        return found

    def _batch(
        self,
        prefixes: list[Sequence[int]],
        n: int,
        temperature: float,
        stop: int | None,
        most: int,
    ) -> list[list[int]]:
        longest = max(map(len, prefixes))
        ids = torch.full((len(prefixes), longest), self.words.pad_token_id)
        mask = torch.zeros(len(prefixes), longest, dtype=torch.long)
        for row, prefix in enumerate(prefixes):
            ids[row, longest - len(prefix) :] = torch.tensor(prefix)
            mask[row, longest - len(prefix) :] = 1
        cache = DynamicCache()
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        logits = self._forward(ids, mask, positions, cache)
        cache.batch_repeat_interleave(n)
        logits, mask = logits.repeat_interleave(n, 0), mask.repeat_interleave(n, 0)
        at = positions[:, -1].repeat_interleave(n)
        live = torch.arange(len(logits))
        replies: list[list[int]] = [[] for _ in range(len(logits))]
        for _ in range(most):
            drawn = self._draw(logits, temperature)
            for row, id in zip(live.tolist(), drawn.tolist(), strict=True):
                replies[row].append(id)
            on = drawn != self.words.eos_token_id
            if stop is not None:
                on &= drawn != stop
            if not on.any():
                break
            if on.sum() < 0.75 * len(on):
                keep = on.nonzero()[:, 0]
                cache.batch_select_indices(keep)
                live, drawn, mask, at, on = (t[keep] for t in (live, drawn, mask, at, on))
            at = at + 1
            mask = torch.cat([mask, torch.ones(len(mask), 1, dtype=torch.long)], 1)
            logits = self._forward(drawn[:, None], mask, at[:, None], cache)
        return replies

    def _forward(
        self, ids: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, cache: Any
    ) -> torch.Tensor:
        out = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            **{self._cache: cache},
            use_cache=True,
            logits_to_keep=1,
        )
        found: torch.Tensor = out.logits[:, -1]
        return found

    def _draw(self, logits: torch.Tensor, temperature: float) -> torch.Tensor:
        if temperature == 0:
            return logits.argmax(-1)
        weights = (logits / temperature).softmax(-1)
        ordered, places = weights.sort(-1, descending=True)
        outside = ordered.cumsum(-1) - ordered >= TOP_P
        weights = weights.scatter(-1, places, ordered.masked_fill(outside, 0.0))
        return torch.multinomial(weights, 1, generator=self.random)[:, 0]
