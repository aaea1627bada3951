"""Pause tokens in miniature (2310.02226): standard or pause pretraining, times standard or pause
finetuning, on parity; and controls. docs/results/pause-tokens.md is what it writes."""

import argparse
import copy
import time
from collections.abc import Iterator
from dataclasses import asdict
from json import dumps
from pathlib import Path

import torch

from reproductions.parity import Finetuned, Size, finetune, model, pretrain
from reproductions.pause_report import write
from reproductions.pause_trials import FOUR, PRETRAININGS, Trial, ways

TOY = Size(bits=3, pretraining=40, finetuning=80, every=20, batch=16, length=24)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--toy", action="store_true", help="very small, to see that it runs")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    if given.toy:
        run([TOY], 1, given.out)
    else:
        run([Size(), Size(bits=8)], given.seeds, given.out)


def run(sizes: list[Size], seeds: int, out: Path) -> list[Trial]:
    """All trials, and their report."""
    torch.set_num_threads(1)
    began = time.process_time()
    trials: list[Trial] = []
    for number, size in enumerate(sizes):
        for seed in range(seeds):
            for trial in _trials(size, seed, controls=number == 0):
                trials.append(trial)
                told = f"{trial.size} bits, {trial.pretraining}, {trial.way}, seed {trial.seed}"
                minutes = (time.process_time() - began) / 60
                print(f"{told}: {trial.solved} ({minutes:.1f} CPU min)", flush=True)
    minutes = (time.process_time() - began) / 60
    write(trials, sizes, minutes, out)
    held = {"minutes": minutes, "sizes": [asdict(s) for s in sizes]}
    rows = [asdict(trial) for trial in trials]
    (out / "pause-tokens.json").write_text(dumps({**held, "trials": rows}) + "\n")
    return trials


def _trials(size: Size, seed: int, *, controls: bool) -> Iterator[Trial]:
    bases = {
        name: pretrain(model(size, seed), size, seed, paused=name == "PausePT")
        for name in PRETRAININGS
    }
    every = ways(size.bits)
    for name, base in bases.items():
        for way in every if controls else FOUR:
            swept = sorted({0, 1, 2, size.bits // 2, size.bits, 3 * size.bits // 2, 2 * size.bits})
            made = finetune(
                copy.deepcopy(base), size, every[way], seed, swept if way == "PauseFT" else ()
            )
            yield _trial(size, name, way, seed, made)


def _trial(size: Size, pretraining: str, way: str, seed: int, made: Finetuned) -> Trial:
    return Trial(
        size.bits, pretraining, way, seed, made.solved, made.best, tuple(made.accuracies),
        made.swept,
    )  # fmt: skip


if __name__ == "__main__":
    main()
