"""The part of soft_labels.py that runs in an environment with TRL's PRMTrainer (trl 1.13).

python soft_labels_trl.py ROWS BASE OUT EPOCHS SETTINGS
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"


def main() -> None:
    import torch
    import transformers
    from datasets.arrow_dataset import Dataset
    from trl.experimental import prm  # type: ignore[attr-defined, unused-ignore]

    rows, base, out, epochs = sys.argv[1:5]
    settings = json.loads(sys.argv[5])
    torch.set_num_threads(1)
    data = [json.loads(line) for line in Path(rows).read_text().splitlines()]
    torch.manual_seed(0)
    model = transformers.AutoModelForTokenClassification.from_pretrained(base, num_labels=2)
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    with tempfile.TemporaryDirectory() as made:
        arguments = prm.PRMConfig(
            output_dir=made, num_train_epochs=int(epochs), learning_rate=settings["lr"],
            per_device_train_batch_size=settings["batch"], lr_scheduler_type="constant",
            use_cpu=True, bf16=False, gradient_checkpointing=False, save_strategy="no",
            report_to="none", disable_tqdm=True, logging_strategy="no",
        )  # fmt: skip
        trainer = prm.PRMTrainer(
            model=model, args=arguments, processing_class=tokenizer,
            train_dataset=Dataset.from_list(data),
        )  # fmt: skip
        trainer.train()
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    main()
