"""TRL's SFTTrainer, as students are fitted with it.

Rows come tokenised, with labels of their own, so that pauses and prompts are exact. A model that is
pretrained has the same trainer, since only its rows differ: they are made anew in every epoch.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from datasets.arrow_dataset import Dataset
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from ...errors import FitError
from ...models.local.decoder import scaled
from ..batches import ByLength
from ..checkpoints import Resumable, quiet_trainer
from ..pauses.insertion import IGNORED
from ..pauses.masks import prefix_mask
from ..pauses.rows import Row
from .encoding import Rows
from .options import TextOptions

Measure = Callable[[], Mapping[str, float]]
NAMED = 4
"""Rows of a bad batch that are named."""
CHUNK = 2048
"""Tokens whose logits are held at once: of more, they are computed again in the backward pass."""


class Collate:
    """Rows side by side, padded at their ends; with a mask over prefixes, if they are read both
    ways."""

    def __init__(self, pad: int, *, prefix_lm: bool = False) -> None:
        self.pad, self.prefix_lm = pad, prefix_lm

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        """`input_ids`, `labels` and `attention_mask`, [rows, tokens], or [rows, 1, tokens, tokens]
        for a mask over prefixes; `where`, of each its file and line."""
        wide = max(len(row.ids) for row in rows)
        ids = torch.full((len(rows), wide), self.pad)
        labels = torch.full((len(rows), wide), IGNORED)
        mask = torch.zeros(len(rows), wide, dtype=torch.long)
        for place, row in enumerate(rows):
            end = len(row.ids)
            ids[place, :end], labels[place, :end] = torch.tensor(row.ids), torch.tensor(row.labels)
            mask[place, :end] = 1
        if self.prefix_lm:
            mask = prefix_mask([row.prefix for row in rows], [len(row.ids) for row in rows])
        where = [row.where for row in rows]
        return {"input_ids": ids, "labels": labels, "attention_mask": mask, "where": where}


class StudentTrainer(Resumable, SFTTrainer):
    """Cross-entropy of the tokens that are learnt, averaged over those of a whole step of the
    optimiser, however many passes it takes. One process, one device.

    The loss is SFTTrainer's own ("nll"), without the auxiliary loss of a mixture of experts.
    """

    loss_is_scaled_for_ga = True  # type: ignore[assignment]

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        rows: Rows,
        options: TextOptions,
        *,
        passes: int,
        collate: Collate,
        arguments: SFTConfig,
        measure: Measure | None,
        callbacks: list[TrainerCallback],
    ) -> None:
        # Of its rows the Trainer knows the numbers alone, since they may change with the epoch.
        numbers = Dataset.from_dict({"number": range(len(rows.lengths))})
        with quiet_trainer():
            super().__init__(
                model=model,
                args=arguments,
                data_collator=self._collated,
                train_dataset=numbers,
                eval_dataset=numbers if measure else None,  # it wants one; `evaluate` uses its own
                processing_class=tokenizer,
                callbacks=callbacks,
            )
        self.remove_callback(PrinterCallback)
        self._rows, self._collate = rows, collate
        self._sampler = ByLength(rows.lengths, options.batch, passes, options.seed)
        self._measure = measure

    def get_train_dataloader(self) -> DataLoader[Any]:
        """See `ByLength`."""
        sampler: Any = self._sampler
        data: Any = self.train_dataset
        loader: Any = DataLoader(data, batch_sampler=sampler, collate_fn=self.data_collator)
        loader.set_epoch = self._sampler.set_epoch  # the Trainer calls it
        return loader  # type: ignore[no-any-return]

    def _collated(self, some: Sequence[Mapping[str, int]]) -> dict[str, Any]:
        epoch = self._sampler.epoch
        return self._collate([self._rows.row(one["number"], epoch) for one in some])

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Any:
        counted = (int((batch["labels"][:, 1:] != IGNORED).sum()) for batch in batch_samples)
        return sum(counted) or None

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The sum over what the pass learns, divided by how much the whole batch does.

        Raises:
            FitError: it is no number; nothing has been learnt from the batch.
        """
        where = inputs.pop("where")
        total, count = token_loss(model, inputs)
        if not torch.isfinite(total.detach()):
            raise FitError(self._told(model, inputs, where))
        loss = total / (num_items_in_batch or count)
        return (loss, None) if return_outputs else loss

    @torch.no_grad()
    def _told(self, model: nn.Module, inputs: Mapping[str, Any], where: Sequence[str]) -> str:
        each = [
            {name: one[row : row + 1] for name, one in inputs.items()} for row in range(len(where))
        ]
        bad = [
            name or "a row that is not of a file"
            for name, one in zip(where, each, strict=True)
            if not torch.isfinite(token_loss(model, one)[0])
        ]
        more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        return (
            f"the loss is no number at step {self.state.global_step + 1}, of "
            f"{', '.join(bad[:NAMED]) or 'a batch of sound rows'}{more}; nothing was learnt from "
            "it (a lower lr, or a base model whose weights are sound?)"
        )

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The measures on validation data, named as the Trainer wants them."""
        assert self._measure is not None
        self._module.eval()
        metrics = {f"eval_{name}": value for name, value in self._measure().items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def log(self, logs: dict[str, float], *_: Any, **__: Any) -> None:
        """As the Trainer's own: what SFTTrainer adds is of its own loss."""
        super(SFTTrainer, self).log(logs)

    def _send_telemetry(self) -> None:
        """TRL tells its makers which model is fitted; a fit here tells nobody."""

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """A checkpoint needs none."""


def token_loss(model: Any, inputs: Mapping[str, Any]) -> tuple[torch.Tensor, int]:
    """The loss of all tokens that are learnt, in nats, and how many they are. Their logits alone
    are computed, and those of `CHUNK` tokens at a time kept."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    mask = inputs["attention_mask"]
    states = base.base_model(
        input_ids=inputs["input_ids"],
        attention_mask=mask.to(base.dtype) if mask.dim() == 4 else mask,
        use_cache=False,
    ).last_hidden_state
    labels = inputs["labels"][:, 1:]
    learnt = labels != IGNORED
    parts = zip(states[:, :-1][learnt].split(CHUNK), labels[learnt].split(CHUNK), strict=True)
    count = int(learnt.sum())
    again = count > CHUNK and torch.is_grad_enabled()
    losses = [
        checkpoint(_losses, base, *part, use_reentrant=False) if again else _losses(base, *part)
        for part in parts
    ]
    return torch.stack(losses).sum() if losses else states.sum() * 0.0, count


def _losses(model: Any, states: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    logits = scaled(model.get_output_embeddings()(states).float(), model.config.get_text_config())
    return nn.functional.cross_entropy(logits, labels, reduction="sum")


__all__ = ["Collate", "Measure", "SFTConfig", "StudentTrainer", "token_loss"]
