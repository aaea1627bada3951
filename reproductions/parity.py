"""Parity of a few bits, for a transformer too small to compute it where it stands.

A task is `b1 … bn = p`, p being whether an odd number of bits is 1. With as many positions more as
there are bits each may count against one threshold (London & Kanade, 2505.21024), so pauses can
help here by width; a transformer's depth they do not add to.
"""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from ponder.training.pauses.insertion import IGNORED, pretraining_row
from ponder.training.pauses.rows import Row, finetuning_row

ZERO, ONE, IS, END, DOT, PAUSE = range(6)
WORDS = 6
LONGEST = 64
Numbers = random.Random


@dataclass(frozen=True, slots=True)
class Size:
    """Of the model and its fits."""

    bits: int = 6
    hidden: int = 16
    layers: int = 2
    heads: int = 2
    batch: int = 64
    lr: float = 3e-3
    pretraining: int = 1000
    """Steps."""
    finetuning: int = 4000
    """Steps at most."""
    every: int = 100
    """Steps between evaluations."""
    share: float = 0.1
    """Of pauses in pretraining."""
    length: int = 48
    """Tokens of a row of pretraining."""


def model(size: Size, seed: int) -> Any:
    """At random."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=WORDS, hidden_size=size.hidden, intermediate_size=2 * size.hidden,
        num_hidden_layers=size.layers, num_attention_heads=size.heads,
        num_key_value_heads=size.heads, max_position_embeddings=LONGEST, tie_word_embeddings=False,
        initializer_range=size.hidden**-0.5,
    )  # fmt: skip
    made: Any = LlamaForCausalLM(config)
    with torch.no_grad():  # as ponder begins a pause token: the mean of all others
        for weight in (made.get_input_embeddings().weight, made.lm_head.weight):
            weight[PAUSE] = weight[:PAUSE].mean(0)
    return made


def parity(bits: Sequence[int]) -> int:
    """Of an odd number of ones, 1."""
    return sum(bits) % 2


def every_task(bits: int) -> list[tuple[int, ...]]:
    """All that can be asked."""
    return list(itertools.product((ZERO, ONE), repeat=bits))


# --- rows -----------------------------------------------------------------------------------------


def text(size: Size, rng: Numbers) -> list[int]:
    """A row of the language: shorter tasks of the kind, one after another."""
    ids: list[int] = []
    while len(ids) < size.length:
        bits = [rng.randrange(2) for _ in range(rng.randint(1, size.bits // 2))]
        ids += [*bits, IS, parity(bits), END]
    return ids[: size.length]


def pretraining(size: Size, rng: Numbers, *, paused: bool) -> tuple[Tensor, Tensor]:
    """A batch: tokens and labels."""
    share = size.share if paused else 0.0
    rows = [pretraining_row(text(size, rng), PAUSE, share, rng) for _ in range(size.batch)]
    ids, labels = zip(*rows, strict=True)
    return torch.tensor(ids), torch.tensor(labels)


def rows_of(tasks: Sequence[Sequence[int]], pauses: int, pause: int = PAUSE) -> list[Row]:
    """Each as prompt, pauses and target, which alone is learnt (2310.02226, algorithm 2)."""
    return [finetuning_row([*bits, IS], [parity(bits)], pause, pauses, LONGEST) for bits in tasks]


def batch_of(rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    """Tokens and labels of rows of one length."""
    return torch.tensor([row.ids for row in rows]), torch.tensor([row.labels for row in rows])


# --- fits -----------------------------------------------------------------------------------------


@dataclass
class Finetuned:
    """How a finetuning went."""

    accuracies: list[float] = field(default_factory=list)
    """On all tasks, after each `Size.every` steps."""
    solved: int | None = None
    """The first step after which 99 % were right; None: never."""
    swept: dict[int, float] = field(default_factory=dict)
    """At the end, with other numbers of pauses."""

    @property
    def best(self) -> float:
        """The last accuracy."""
        return self.accuracies[-1]


def pretrain(made: Any, size: Size, seed: int, *, paused: bool) -> Any:
    """Fit it to the language; every token but pauses is learnt."""
    rng = Numbers(f"pretraining/{seed}")
    optimiser = torch.optim.AdamW(made.parameters(), lr=size.lr, weight_decay=0.01)
    for step in range(size.pretraining):
        _set_rate(optimiser, size.lr, step, size.pretraining)
        ids, labels = pretraining(size, rng, paused=paused)
        _step(optimiser, made, _loss(made(ids).logits, labels))
    return made


@dataclass(frozen=True, slots=True)
class Way:
    """How a finetuning is done."""

    pauses: int = 0
    pause: int = PAUSE
    hints: str = ""
    """Where the counts are learnt besides the answer: at the "pauses", or by heads at the "last"
    position."""
    frozen: bool = False
    """Whether the embedding of what it pauses with stays as it is."""


def finetune(made: Any, size: Size, way: Way, seed: int, sweep: Sequence[int] = ()) -> Finetuned:
    """Fit it to tasks of full length, until 99 % of all are right, twice, or all steps are made."""
    rng = Numbers(f"finetuning/{seed}")
    torch.manual_seed(seed)
    tasks, found = every_task(size.bits), Finetuned()
    heads = nn.Linear(size.hidden, size.bits) if way.hints == "last" else None
    more = [] if heads is None else list(heads.parameters())
    optimiser = torch.optim.AdamW([*made.parameters(), *more], lr=size.lr, weight_decay=0.01)
    for step in range(1, size.finetuning + 1):
        _set_rate(optimiser, size.lr, step, size.finetuning)
        some = rng.choices(tasks, k=size.batch)
        ids, labels = batch_of(rows_of(some, way.pauses, way.pause))
        _step(optimiser, made, _all_losses(made, ids, labels, some, way, heads), way)
        if step % size.every == 0:
            found.accuracies.append(accuracy(made, size, way.pauses, way.pause))
            if found.accuracies[-1] >= 0.99 and found.solved is None:
                found.solved = step
            if len(found.accuracies) > 1 and min(found.accuracies[-2:]) >= 0.99:
                break
    found.swept = {count: accuracy(made, size, count, way.pause) for count in sweep}
    return found


@torch.inference_mode()
def accuracy(made: Any, size: Size, pauses: int, pause: int = PAUSE) -> float:
    """The share of all tasks that are answered rightly after so many pauses."""
    made.eval()
    tasks = every_task(size.bits)
    ids, _ = batch_of(rows_of(tasks, pauses, pause))
    logits = made(ids[:, :-1]).logits[:, -1]
    logits[:, PAUSE] = -torch.inf  # never said
    made.train()
    return float((logits.argmax(-1) == ids[:, -1]).float().mean())


def _all_losses(
    made: Any, ids: Tensor, labels: Tensor, tasks: Sequence[Sequence[int]], way: Way, heads: Any
) -> Tensor:
    if not way.hints:
        return _loss(made(ids).logits, labels)
    sums = torch.tensor([sum(bits) for bits in tasks])
    counts = torch.arange(1, len(tasks[0]) + 1)
    hints = (sums[:, None] >= counts).long()  # [tasks, thresholds]
    if heads is None:  # at "=" and all pauses but the last, whose token is the answer
        first = ids.shape[1] - 1 - way.pauses
        labels = labels.clone()
        labels[:, first : first + way.pauses] = hints[:, : way.pauses]
        return _loss(made(ids).logits, labels)
    states = made.model(input_ids=ids[:, :-1]).last_hidden_state[:, -1]
    told = functional.binary_cross_entropy_with_logits(heads(states), hints.float())
    return told + functional.cross_entropy(made.lm_head(states), ids[:, -1])


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED
    )


def _step(optimiser: Any, made: Any, loss: Tensor, way: Way | None = None) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if way is not None and way.frozen:
        made.get_input_embeddings().weight.grad[way.pause] = 0
    nn.utils.clip_grad_norm_(made.parameters(), 1.0)
    held = made.get_input_embeddings().weight[way.pause].clone() if way and way.frozen else None
    optimiser.step()
    if held is not None and way is not None:
        with torch.no_grad():  # nor is it decayed
            made.get_input_embeddings().weight[way.pause] = held


def _set_rate(optimiser: Any, lr: float, step: int, steps: int) -> None:
    """Rises over the first twentieth, and stays."""
    for group in optimiser.param_groups:
        group["lr"] = lr * min(1.0, (step + 1) / (0.05 * steps))
