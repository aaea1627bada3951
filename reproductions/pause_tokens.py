"""Pause tokens in miniature (2310.02226): standard or pause pretraining, times standard or pause
finetuning, on parity; and controls. docs/results/pause-tokens.md is what it writes."""

import argparse
import copy
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import Any

import torch

from reproductions.parity import Size, finetune, model, pretrain
from reproductions.pause_report import write
from reproductions.pause_trials import FOUR, PRETRAININGS, Trial, named, read_trials, ways

TOY = Size(bits=4, pretraining=40, finetuning=80, every=20, batch=16, length=24)


CONTROLLED = 3
"""Seeds of the controls."""
TRIALS = "pause-tokens.jsonl"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--folder", type=Path, help="for trials; a passing one if not")
    parser.add_argument("--toy", action="store_true", help="very small, to see that it runs")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--bits", type=int, nargs="*", default=[6], help="controls: the first")
    given = parser.parse_args()
    sizes = [TOY] if given.toy else [Size(bits=bits) for bits in given.bits]
    with tempfile.TemporaryDirectory() as passing:
        run(sizes, 1 if given.toy else given.seeds, given.folder or Path(passing), given.out)


def run(sizes: Sequence[Size], seeds: int, folder: Path, out: Path) -> list[Trial]:
    """All trials, those aside that the folder has, and their report."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    trials = list(read_trials(folder / TRIALS))
    with (folder / TRIALS).open("a") as file:
        for number, size in enumerate(sizes):
            for seed in range(seeds):
                controls = number == 0 and seed < CONTROLLED
                for trial in _trials(size, seed, trials, controls=controls):
                    trials.append(trial)
                    file.write(dumps(asdict(trial)) + "\n")
                    file.flush()
                    print(f"{trial.name}: {trial.solved}, {trial.seconds:.0f} CPU s", flush=True)
    write(trials, sizes, out)
    return trials


def _trials(size: Size, seed: int, done: Sequence[Trial], *, controls: bool) -> Iterator[Trial]:
    known = {trial.name for trial in done}
    for pretraining in PRETRAININGS:
        names = [
            way
            for way in (ways(size.bits) if controls else FOUR)
            if named(size.bits, pretraining, way, seed) not in known
        ]
        if not names:
            continue
        began = time.process_time()
        base = pretrain(model(size, seed), size, seed, paused=pretraining == "PausePT")
        for way in names:
            yield _trial(base, size, pretraining, way, seed, began)
            began = time.process_time()


def _trial(base: Any, size: Size, pretraining: str, way: str, seed: int, began: float) -> Trial:
    bits = size.bits
    swept = sorted({0, 1, 2, bits // 2, bits, 3 * bits // 2, 2 * bits}) if way == "PauseFT" else ()
    made = finetune(copy.deepcopy(base), size, ways(bits)[way], seed, swept)
    return Trial(
        bits, pretraining, way, seed, made.solved, made.best, tuple(made.accuracies), made.swept,
        time.process_time() - began,
    )  # fmt: skip


if __name__ == "__main__":
    main()
