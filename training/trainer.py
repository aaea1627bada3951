"""transformers' Trainer, as reward models are fitted with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_callback import PrinterCallback

from ..errors import FitError
from .batches import Batch, ByLength, collate
from .checkpoints import CHECKPOINTS, DONE, Resumable, quiet_trainer
from .encoding import Encoded
from .fit_options import HIGHER, Best, FitOptions
from .scoring import Scoring

Measure = Callable[[], Mapping[str, float]]
NAMED = 4
"""Rows of a bad batch that are named."""


class FitTrainer(Resumable, Trainer):
    """Cross-entropy at the labelled positions, averaged over those of a whole step of the
    optimiser, however many passes it takes. One process, one device.

    Checkpoints hold the weights that are fitted alone.
    """

    def __init__(
        self,
        scoring: Scoring,
        data: list[Encoded],
        options: FitOptions,
        *,
        rows: int,
        arguments: TrainingArguments,
        measure: Measure | None,
        callbacks: list[TrainerCallback],
    ) -> None:
        with quiet_trainer():
            super().__init__(
                model=scoring,
                args=arguments,
                train_dataset=data,
                eval_dataset=data if measure else None,  # it wants one; `evaluate` uses its own
                callbacks=callbacks,
            )
        self.remove_callback(PrinterCallback)
        self.model_accepts_loss_kwargs = True  # our loss is already of the whole batch
        self._sampler = ByLength([len(one.ids) for one in data], options.batch, rows, options.seed)
        self._measure = measure

    # --- data and loss ------------------------------------------------------------------------

    def get_train_dataloader(self) -> DataLoader[Any]:
        """See `ByLength`."""
        sampler: Any = self._sampler
        data: Any = self.train_dataset
        loader: Any = DataLoader(data, batch_sampler=sampler, collate_fn=collate)
        loader.set_epoch = self._sampler.set_epoch  # the Trainer calls it
        return loader  # type: ignore[no-any-return]

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Any:
        return sum(len(batch["rows"]) for batch in batch_samples) or None

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The sum over the pass's positions, divided by the number of the whole batch's.

        Raises:
            FitError: it is no number; nothing has been learnt from the batch.
        """
        batch: Batch = inputs
        numbers = model(batch["input_ids"], batch["rows"], batch["columns"])
        losses = self.scoring.loss(numbers, batch["targets"])
        if not torch.isfinite(losses.detach().sum()):
            raise FitError(self._told(losses, batch))
        loss = losses.sum() / (num_items_in_batch or len(losses))
        return (loss, numbers) if return_outputs else loss

    @property
    def scoring(self) -> Scoring:
        """What is fitted."""
        model: Any = self.model
        assert isinstance(model, Scoring)
        return model

    def _told(self, losses: Tensor, batch: Batch) -> str:
        bad = sorted(set(batch["rows"][~torch.isfinite(losses)].tolist()))
        where = [batch["where"][row] or "a row that is not of a file" for row in bad]
        more = f" and {len(where) - NAMED} more" if len(where) > NAMED else ""
        return (
            f"the loss is no number at step {self.state.global_step + 1}, of "
            f"{', '.join(where[:NAMED])}{more}; nothing was learnt from it (a lower lr, or a base "
            "model whose weights are sound?)"
        )

    # --- measures -----------------------------------------------------------------------------

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """The measures on validation data, named as the Trainer wants them."""
        assert self._measure is not None
        self.model.eval()  # type: ignore[union-attr]
        metrics = {f"eval_{name}": value for name, value in self._measure().items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


class Care(TrainerCallback):
    """Sees that gradients are numbers, that the last weights are measured too, and marks a
    checkpoint once all of it is written."""

    def on_pre_optimizer_step(
        self, args: Any, state: Any, control: Any, model: Any = None, **_: Any
    ) -> None:
        """Raises:
        FitError: a gradient is no number; nothing has been learnt from the batch.
        """
        sizes = [one.grad.norm() for one in model.parameters() if one.grad is not None]
        if not torch.isfinite(torch.stack(sizes).sum()):
            raise FitError(
                f"a gradient is no number at step {state.global_step + 1}; nothing was learnt from "
                "it (a lower lr, or a base model whose weights are sound?)"
            )

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The last step need be no multiple of the steps between evaluations."""
        if state.global_step >= state.max_steps and args.eval_strategy == "steps":
            control.should_evaluate = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """All of it is written now."""
        folder = Path(args.output_dir, f"checkpoint-{state.global_step}")
        (folder / DONE).write_text("")


def arguments(
    options: FitOptions,
    folder: Path,
    *,
    rows: int,
    measured: bool,
    best: Best,
    cuda: bool,
    kind: type[TrainingArguments] = TrainingArguments,
    **more: Any,
) -> Any:
    """The Trainer's own settings, of that kind; `more` are fields that only it has."""
    strategy = "steps" if options.every else "epoch"
    chosen = best not in ("last", "after")
    saves = options.checkpoints or chosen  # the best one has to be somewhere
    made: Any = kind(
        output_dir=str(folder / CHECKPOINTS),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=rows,
        gradient_accumulation_steps=options.batch // rows,
        learning_rate=options.lr,
        adam_beta1=options.betas[0],
        adam_beta2=options.betas[1],
        weight_decay=options.weight_decay,
        lr_scheduler_type=(
            "constant_with_warmup" if options.schedule == "constant" else options.schedule
        ),
        warmup_steps=options.warmup,
        max_grad_norm=options.clip,
        logging_strategy=strategy,
        logging_steps=options.every or 500,
        logging_nan_inf_filter=False,
        eval_strategy=strategy if measured else "no",
        eval_steps=options.every,
        save_strategy=strategy if saves else "no",
        save_steps=options.every or 500,
        save_only_model=not options.checkpoints,
        save_total_limit=1,
        load_best_model_at_end=chosen,
        metric_for_best_model={"last": None, "after": "loss"}.get(best, best),
        greater_is_better=best in HIGHER if chosen else None,
        restore_callback_states_from_checkpoint=True,
        seed=options.seed,
        use_cpu=not cuda,
        bf16=cuda,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=cuda,
        remove_unused_columns=False,
        average_tokens_across_devices=False,
        **more,
    )
    made._n_gpu = min(1, made.n_gpu)  # no DataParallel
    return made


def stopping(options: FitOptions, best: Best) -> list[TrainerCallback]:
    """What ends a fit early."""
    patience = 1 if best == "after" else options.patience
    return [] if best == "last" or patience is None else [EarlyStoppingCallback(patience)]
