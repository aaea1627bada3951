"""Checkpoints of a fit, and how it goes on from one: whatever trainer of transformers it is."""

import contextlib
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import TrainerState

if TYPE_CHECKING:
    from transformers import Trainer as _Trainer
else:
    _Trainer = object

WEIGHTS = "weights.safetensors"
STATE = "trainer_state.json"
DONE = "whole"
"""The file that a checkpoint has once all else of it is written."""
CHECKPOINTS = "checkpoints"


class Resumable(_Trainer):
    """Goes on from a checkpoint. Those hold the weights that are fitted alone."""

    def go(self, checkpoint: Path | None) -> None:
        """Fit, from a checkpoint on if one is given, and have the best weights in the end."""
        with quiet_trainer():
            if checkpoint is not None and self._stopped(checkpoint):
                self.state = TrainerState.load_from_json(str(checkpoint / STATE))
                self._have_kept(checkpoint)
            else:
                self.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)

    def _stopped(self, checkpoint: Path) -> bool:
        """Whether it had ended early there, and was only not saved any more."""
        held = json.loads((checkpoint / STATE).read_text())["stateful_callbacks"]
        stop = held.get("EarlyStoppingCallback")
        if stop is None:
            return False
        lasted: int = stop["attributes"]["early_stopping_patience_counter"]
        return lasted >= int(stop["args"]["early_stopping_patience"])

    def _have_kept(self, last: Path) -> None:
        """Have the weights that would have been kept, where the fit ended with that checkpoint."""
        if self.args.load_best_model_at_end:
            self._load_best_model()
        else:
            self._load_from_checkpoint(str(last))

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(output_dir or str(self.args.output_dir))
        folder.mkdir(parents=True, exist_ok=True)
        save_file(fitted(self._module), folder / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        self._module.load_state_dict(load_file(Path(resume_from_checkpoint, WEIGHTS)), strict=False)

    def _load_best_model(self) -> None:
        best = self.state.best_model_checkpoint
        assert best is not None
        self._load_from_checkpoint(best)

    @property
    def _module(self) -> nn.Module:
        model: Any = self.model
        assert isinstance(model, nn.Module)
        return model


def fitted(scoring: nn.Module) -> dict[str, Tensor]:
    """The weights that are fitted, each once."""
    return {
        name: parameter.detach().contiguous()
        for name, parameter in scoring.named_parameters()
        if parameter.requires_grad
    }


def last_whole(folder: Path) -> Path | None:
    """The last checkpoint that was written to its end; others are removed."""
    found: dict[int, Path] = {}
    for one in folder.glob("checkpoint-*"):
        if (one / DONE).is_file():
            found[int(one.name.rpartition("-")[2])] = one
        else:
            shutil.rmtree(one)
    return found[max(found)] if found else None


def step_of(checkpoint: Path) -> int:
    """How many steps had been made."""
    step: int = json.loads((checkpoint / STATE).read_text())["global_step"]
    return step


@contextlib.contextmanager
def quiet_trainer() -> Iterator[None]:
    """The Trainer's own remarks on standard error are not ours."""
    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
