"""What becomes of a process reward model whose soft labels are floored to integers.

    python benchmarks/soft_labels.py [--solutions 3000] [--epochs 8] [--trl-python PYTHON]

A solution is a walk of 8 steps, each up or down by a fair coin; its answer is right if it ends
where it began or above. So the value of a step, the probability that an answer that goes on from it
is right, is known exactly. Labels are what Monte-Carlo rollouts give: the share of 16 that come out
right. From the same random model (Llama, 2 layers of 48), with the same data, format and settings,
are fitted

    ours        to the labels as they are
    floored     to int(label), as TRL's PRMTrainer read them up to 1.13: 1 where all 16 rollouts are
                right, else 0
    trl         by TRL's own trainer, with `--trl-python` the Python of an environment that has it
                (trl 1.13: it was taken out in 1.14)

and each is asked, as `prm:FOLDER`, for the steps of walks that none was fitted to. The last line is
JSON: against the exact values the calibration error (`ece`, 10 bins) and the mean distance (`mae`)
of each, and those of floored over ours.
"""

import argparse
import asyncio
import json
import random
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from ponder.tasks import MathTask
from ponder.training import Example, fit_prm, prm_options, to_row
from ponder.training.ranking import Calibration, calibration
from ponder.verifiers import StepVerifier, connect_verifier

STEPS, ROLLOUTS = 8, 16
PROMPT = "Walk."
SETTINGS: dict[str, Any] = {"lr": 3e-3, "batch": 32}
TRL = Path(__file__).with_name("soft_labels_trl.py")


@cache
def value(height: int, left: int) -> float:
    """The probability that a walk at that height, with so many steps left, ends at 0 or above."""
    if not left:
        return float(height >= 0)
    return (value(height + 1, left - 1) + value(height - 1, left - 1)) / 2


def walk(rng: random.Random) -> list[int]:
    """The height after each step."""
    heights = [0]
    for _ in range(STEPS):
        heights.append(heights[-1] + rng.choice((-1, 1)))
    return heights[1:]


def values(heights: list[int]) -> list[float]:
    """The exact value of each step."""
    return [value(height, STEPS - 1 - n) for n, height in enumerate(heights)]


def written(heights: list[int]) -> tuple[str, ...]:
    return tuple(f"at {height}" for height in heights)


def labelled(heights: list[int], rng: random.Random) -> Example:
    """A walk with what rollouts say of it."""
    shares = (
        sum(rng.random() < true for _ in range(ROLLOUTS)) / ROLLOUTS for true in values(heights)
    )
    return Example(PROMPT, written(heights), tuple(shares))


def floored(example: Example) -> Example:
    labels = tuple(float(label == 1) for label in example.labels)  # int() of a number from 0 to 1
    return Example(example.prompt, example.steps, labels)


def base(folder: Path) -> Path:
    """A random model, and a tokenizer of characters."""
    words = ["<begin>", "<end>", "<unknown>", "\n", *map(chr, range(32, 127))]
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "<unknown>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    wrap: Any = transformers.PreTrainedTokenizerFast
    wrap(
        tokenizer_object=made, bos_token="<begin>", eos_token="<end>", pad_token="<end>",
        unk_token="<unknown>",
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=48, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=256, bos_token_id=0, eos_token_id=1,
        pad_token_id=1,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


async def scores(name: str, walks: list[list[int]]) -> list[float]:
    verifier = connect_verifier(name)
    assert isinstance(verifier, StepVerifier)
    verdicts = await verifier.judge_steps(MathTask("walk", PROMPT), [written(w) for w in walks])
    return [score for verdict in verdicts for score in verdict.steps]


def measured(name: str, walks: list[list[int]]) -> Calibration:
    found = calibration(
        asyncio.run(scores(name, walks)), [true for heights in walks for true in values(heights)]
    )
    assert found is not None
    return found


def fit_by_trl(python: str, data: list[Example], start: Path, out: Path, epochs: int) -> None:
    rows = out.with_suffix(".jsonl")
    rows.write_text("".join(json.dumps(to_row(one)) + "\n" for one in data))
    command = [python, str(TRL), str(rows), str(start), str(out), str(epochs)]
    subprocess.run([*command, json.dumps(SETTINGS)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--solutions", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--trl-python", help="a Python with trl 1.13 and transformers")
    given = parser.parse_args()
    torch.set_num_threads(1)
    rng = random.Random(0)
    data = [labelled(walk(rng), rng) for _ in range(given.solutions)]
    unseen = [walk(rng) for _ in range(500)]
    options = prm_options(
        outputs=2, epochs=given.epochs, dropout=0, validation=0, patience=None, checkpoints=False,
        betas=(0.9, 0.999), **SETTINGS,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as at:
        folder = Path(at)
        start = base(folder / "base")
        fit_prm(data, start, folder / "ours", options)
        fit_prm([floored(one) for one in data], start, folder / "floored", options)
        names = ["ours", "floored"]
        if given.trl_python:
            fit_by_trl(given.trl_python, data, start, folder / "trl", given.epochs)
            names.append("trl")
        found = {name: measured(f"prm:{folder / name},format=trl", unseen) for name in names}
    print(f"{'':<10}{'ece':>8}{'mae':>8}")
    for name, one in found.items():
        print(f"{name:<10}{one.ece:>8.4f}{one.mae:>8.4f}")
    errors = {
        f"{measure}_{name}": round(getattr(one, measure), 4)
        for name, one in found.items()
        for measure in ("ece", "mae")
    }
    ratios = {
        "ece_floored_over_ours": round(found["floored"].ece / found["ours"].ece, 2),
        "mae_floored_over_ours": round(found["floored"].mae / found["ours"].mae, 2),
    }
    print(json.dumps({**errors, **ratios}))


if __name__ == "__main__":
    main()
