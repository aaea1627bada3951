"""A fit beside TRL's own trainer, on the same rows."""

from pathlib import Path
from typing import Any

import pytest
import torch
from datasets.arrow_dataset import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from ponder.training import fit_student, student_options
from ponder.training.pauses.rows import Row
from ponder.training.student.encoding import ConversationEncoder
from ponder.training.student.fit import CHECKPOINTING
from tests.training.student.test_fit import QUICK, data, weights
from tests.training.tiny import base

Auto: Any = AutoModelForCausalLM


def stock(rows: list[Row], folder: Path, out: Path, steps: int) -> dict[str, torch.Tensor]:
    """What TRL's own trainer makes of rows, all of them in every batch."""
    columns = {
        "input_ids": [list(row.ids) for row in rows],
        "labels": [list(row.labels) for row in rows],
    }
    settings: dict[str, Any] = {
        "output_dir": str(out), "per_device_train_batch_size": len(rows), "num_train_epochs": steps,
        "learning_rate": QUICK["lr"], "lr_scheduler_type": "cosine", "warmup_steps": 0.03,
        "weight_decay": 0.0, "max_length": None, "use_cpu": True, "bf16": False,
        CHECKPOINTING: False, "report_to": "none", "disable_tqdm": True, "save_strategy": "no",
    }  # fmt: skip
    made = SFTTrainer(
        Auto.from_pretrained(folder),
        SFTConfig(**settings),
        train_dataset=Dataset.from_dict(columns),
        processing_class=AutoTokenizer.from_pretrained(folder),
    )
    made.train()
    model: Any = made.model
    return dict(model.state_dict())


@pytest.mark.filterwarnings("ignore")
def test_it_is_what_trl_s_own_trainer_makes_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = base(tmp_path / "base", llama=False)
    encode = ConversationEncoder.of("m", AutoTokenizer.from_pretrained(folder), "vicuna", 128)
    rows = [encode(turns) for turns, _ in data(6)]

    theirs = stock(rows, folder, tmp_path / "stock", steps=3)
    options = student_options("small", **{**QUICK, "batch": 6, "rows": 2, "epochs": 3})
    fit_student(data(6), folder, tmp_path / "out", options)

    ours = weights(tmp_path / "out")
    assert max(float((ours[name] - theirs[name]).abs().max()) for name in ours) < 1e-5
    assert any(
        float((ours[name] - one).abs().max()) > 1e-3 for name, one in weights(folder).items()
    )
