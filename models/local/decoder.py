"""Reads token ids into hidden states, forwarding every token once.

What was forwarded before, in this call or an earlier one, comes from the prefix cache: a problem
that 64 solutions share, a beam's prefix, a text that is scored again. The rest goes through the
model in batches of like length.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from ...errors import InputError
from . import prefix, prefixes
from .masks import Masks
from .prefixes import Prefixes
from .rows import Rows, Shape
from .turns import Turns

BATCH_TOKENS = 8192
"""Tokens of a batch, padding and the known beginnings of its rows included."""
PREFIX_TOKENS = 32768
UNLIMITED = 2**20
"""Tokens of a sequence, where a model names no end."""
PASS = {"cpu": 32}
PASS_ELSEWHERE = 1024
"""Tokens that could be forwarded in the time that a pass takes by itself: padding beyond that is
dearer than a batch of its own."""


@dataclass
class Counters:
    """What was done so far, in tokens."""

    forwarded: int = 0
    """Real tokens that went through the model."""
    padded: int = 0
    """Tokens of padding that went with them."""
    reused: int = 0
    """Tokens that were asked for and known already, from this call or an earlier one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens to forward, and what is known before them."""

    known: tuple[int, ...]
    new: tuple[int, ...]


class Decoder:
    """A decoder-only model of transformers, without its head, and its prefix cache. Safe to be used
    from several threads: they take turns.

    Raises:
        InputError: the model's outputs are not what it gives by itself when its keys and values are
            kept by us, as with recurrent layers.
    """

    def __init__(
        self,
        model: Any,
        *,
        name: str = "model",
        batch_tokens: int = BATCH_TOKENS,
        prefix_tokens: int = PREFIX_TOKENS,
    ) -> None:
        self.name, self.model, self.base = name, model, model.base_model
        self.batch_tokens = batch_tokens
        self.device: torch.device = model.device
        self.dtype: torch.dtype = model.dtype
        self.prefixes = Prefixes(prefix_tokens)
        self.counters = Counters()
        self.turns = Turns()
        config = model.config.get_text_config(decoder=True)
        self.masks = Masks.of(config, name, self.dtype)
        self.limit = limit_of(config)
        """Tokens of a sequence at most."""
        takes = inspect.signature(self.base.forward).parameters
        self._cache = "cache" if "cache" in takes else "past_key_values"  # before 5.24
        self.shape = _shape(self.base, config, name)
        self._prove()

    # --- reading ------------------------------------------------------------------------------

    def states(
        self, sequences: Sequence[Sequence[int]], positions: Sequence[Sequence[int]]
    ) -> list[torch.Tensor]:
        """The last hidden states (after the final norm) of each sequence at its positions: float32,
        [positions, hidden], on the model's device. Blocks.

        The same tokens give the same states up to rounding (1e-5 in float32), whatever else is in
        the call or in the cache.

        Raises:
            InputError: a sequence is empty or too long, or a position is not in it.
        """
        texts = [tuple(sequence) for sequence in sequences]
        for text, wanted in zip(texts, positions, strict=True):
            self.check(text, wanted)
        found: dict[int, torch.Tensor] = {}
        order = sorted(range(len(texts)), key=lambda i: texts[i])  # what shares a trunk, together
        for some in self._portions(order, texts):
            with self.turns, torch.inference_mode():
                self.read([texts[i] for i in some])
                for i in some:
                    path = self.prefixes.find(texts[i])
                    found[i] = prefixes.states(path, positions[i]).float()
                self.prefixes.trim()
        # Copies made outside inference mode may be trained on: a head, say.
        return [found[i].clone() for i in range(len(texts))]

    def read(self, texts: Sequence[tuple[int, ...]]) -> None:
        """Forward whatever of `texts` is not known, into the prefix cache, which may then hold more
        than its budget. For whoever has the turn, in inference mode."""
        asked, before = sum(map(len, texts)), self.counters.forwarded
        waiting = set(texts)
        while pieces := self._pieces(waiting):
            for batch in self._batches(pieces):
                self._forward_batch(batch)
        self.counters.reused += asked - (self.counters.forwarded - before)

    def forward(
        self,
        rows: Rows,
        ids: torch.Tensor,
        positions: torch.Tensor,
        prefixes: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """One pass over `ids`, [rows, tokens], the next tokens of the first rows, at `positions`.
        Returns and keeps their last hidden states, [rows, tokens, hidden]. `prefixes`, [rows], are
        as in `Masks.build`."""
        longest = int(positions.max()) + 1
        rows.aim(positions, longest)
        out = self.base(
            input_ids=ids,
            position_ids=positions,
            attention_mask=self.masks.build(positions, longest, prefixes),
            use_cache=True,
            **{self._cache: rows},
        )
        states: torch.Tensor = out.last_hidden_state
        rows.note(states)
        return states

    def logits(self, states: torch.Tensor, ids: Sequence[int] | None = None) -> torch.Tensor:
        """The language model head's: float32, [..., vocabulary], or [..., ids] for those alone.

        Raises:
            InputError: the model has no such head.
        """
        head = self.model.get_output_embeddings()
        if head is None:
            raise InputError(f"model {self.name} has no language model head")
        with torch.inference_mode():
            weight, bias = head.weight, getattr(head, "bias", None)
            if ids is not None:
                chosen = torch.as_tensor(ids, dtype=torch.long, device=weight.device)
                weight, bias = weight[chosen], None if bias is None else bias[chosen]
            found = torch.nn.functional.linear(states.to(weight.dtype), weight, bias).float()
            return scaled(found, self.model.config.get_text_config(decoder=True))

    # --- what to forward ----------------------------------------------------------------------

    def check(self, text: Sequence[int], wanted: Sequence[int]) -> None:
        """Raises:
        InputError: there is no such text or position for this model.
        """
        if not text:
            raise InputError(f"model {self.name}: a sequence of no tokens has no states")
        if len(text) > self.limit:
            raise InputError(
                f"model {self.name}: a sequence of {len(text)} tokens is longer than the "
                f"{self.limit} that the model reads"
            )
        if wanted and not 0 <= min(wanted) <= max(wanted) < len(text):
            raise InputError(f"positions must be from 0 to {len(text) - 1}, not {list(wanted)}")

    def _portions(self, order: list[int], texts: list[tuple[int, ...]]) -> list[list[int]]:
        """The texts in portions that the prefix cache can hold."""
        portions: list[list[int]] = []
        size = self.prefixes.budget
        last: tuple[int, ...] = ()
        for i in order:
            new = len(texts[i]) - prefixes.shared(last, texts[i])
            if size + new > self.prefixes.budget:
                portions.append([])
                size, new = 0, len(texts[i])
            portions[-1].append(i)
            size, last = size + new, texts[i]
        return portions

    def _pieces(self, waiting: set[tuple[int, ...]]) -> list[Piece]:
        """What can be forwarded at once: of all texts that go on alike after what is known, their
        common part. Texts that are known whole leave `waiting`."""
        groups: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        for text in list(waiting):
            done = prefixes.length(self.prefixes.find(text))
            if done == len(text):
                waiting.discard(text)
                continue
            groups.setdefault(text[: done + 1], []).append(text)
        pieces = []
        for start, texts in groups.items():
            first, last = min(texts), max(texts)  # what these two share, all of them share
            done = len(start) - 1
            # A prefix that is read both ways is read at once.
            least = max(done + self.batch_tokens // 4, prefix.length(first))
            end = min(prefixes.shared(first, last), least)
            pieces.append(Piece(first[:done], first[done:end]))
        return pieces

    def _batches(self, pieces: list[Piece]) -> list[list[Piece]]:
        """Pieces of like length together, as many as a batch may hold. Where padding would cost
        more than a pass, a new one begins."""
        batches: list[list[Piece]] = []
        waste, width = 0, 0
        dear = PASS.get(self.device.type, PASS_ELSEWHERE)
        for piece in sorted(pieces, key=lambda p: (len(p.new), len(p.known)), reverse=True):
            if batches:
                longest = len(batches[-1][0].new)
                padding = waste + longest - len(piece.new)
                wider = max(width, len(piece.known) + longest)
                if padding <= dear and wider * (len(batches[-1]) + 1) <= self.batch_tokens:
                    batches[-1].append(piece)
                    waste, width = padding, wider
                    continue
            batches.append([piece])
            waste, width = 0, len(piece.known) + len(piece.new)
        return batches

    def _forward_batch(self, batch: list[Piece]) -> None:
        longest = len(batch[0].new)
        rows = Rows(self.shape, len(batch), max(len(p.known) for p in batch) + longest)
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        starts = torch.tensor([len(piece.known) for piece in batch])
        for row, piece in enumerate(batch):
            rows.put(row, self.prefixes.find(piece.known))
            ids[row, : len(piece.new)] = torch.tensor(prefix.tokens(piece.new))
        positions = starts[:, None] + torch.arange(
            longest
        )  # padding comes last, and nobody sees it
        both = [prefix.length(piece.new) for piece in batch]
        firsts = torch.tensor(both, device=self.device) if any(both) else None
        self.forward(rows, ids.to(self.device), positions.to(self.device), firsts)
        for row, piece in enumerate(batch):
            self.prefixes.add(piece.known + piece.new, partial(rows.take, row))
        real = sum(len(piece.new) for piece in batch)
        self.counters.forwarded += real
        self.counters.padded += len(batch) * longest - real

    # --- what can be run ----------------------------------------------------------------------

    def _prove(self) -> None:
        """Read a few tokens in parts and side by side, and see that it is what the model gives."""
        ids = torch.arange(1, 14) * 7 % self.base.get_input_embeddings().weight.shape[0]
        text = tuple(ids.tolist())
        try:
            with torch.inference_mode():
                plain = self.base(input_ids=ids[None].to(self.device), use_cache=False)
            self.states([text[:5]], [[4]])
            ours, part = self.states([text, text[:7]], [range(13), range(7)])
        except (TypeError, AttributeError, IndexError, KeyError, RuntimeError, ValueError) as error:
            raise _cannot(self.name, self.base, f"{type(error).__name__}: {error}") from error
        want = plain.last_hidden_state[0].float()
        near = 1e-3 if self.dtype == torch.float32 else 0.1
        off = max(float((ours - want).norm()), float((part - want[:7]).norm())) / float(want.norm())
        if not off < near:
            raise _cannot(self.name, self.base, "it reads the same text otherwise in parts")
        self.prefixes.clear()
        self.counters = Counters()


def _cannot(name: str, base: Any, why: str) -> InputError:
    kind = type(base).__name__
    return InputError(f"model {name}: {kind} cannot be run with a cache of ours: {why}")


def _shape(base: Any, config: Any, name: str) -> Shape:
    """What a token takes, seen in one that is read.

    Raises:
        InputError: its layers do not all keep keys and values of one shape.
    """
    with torch.inference_mode():
        out = base(input_ids=torch.ones(1, 1, dtype=torch.long, device=base.device), use_cache=True)
    cache = getattr(out, "cache", None) or getattr(out, "past_key_values", None)
    layers = getattr(cache, "layers", [])
    held = [(getattr(x, "keys", None), getattr(x, "values", None)) for x in layers]
    # [rows, heads, tokens, width]
    kinds = {(k.shape[1::2], v.shape[1::2]) for k, v in held if k is not None and v is not None}
    if len(kinds) != 1 or len(layers) != config.num_hidden_layers:
        raise _cannot(name, base, "its layers do not keep keys and values of one shape")
    [(key, value)] = kinds
    hidden = out.last_hidden_state.shape[-1]
    return Shape(len(layers), key, value, hidden, base.dtype, base.device)


def limit_of(config: Any) -> int:
    """How many tokens a model reads. Beyond it, some kinds of rotary embedding change with the
    longest text in the batch."""
    longest = getattr(config, "max_position_embeddings", None) or UNLIMITED
    rope: Mapping[str, Any] = getattr(config, "rope_parameters", None) or {}
    if rope.get("rope_type") in ("longrope", "dynamic"):
        return int(rope.get("original_max_position_embeddings") or longest)
    return int(longest)


def scaled(logits: torch.Tensor, config: Any) -> torch.Tensor:
    """What some families do to their logits: Granite, Cohere, Gemma."""
    divisor = getattr(config, "logits_scaling", None) or 1
    factor = getattr(config, "logit_scale", None) or 1
    if divisor != factor:
        logits = logits * (factor / divisor)
    cap = getattr(config, "final_logit_softcapping", None)
    return logits if cap is None else torch.tanh(logits / cap) * cap
