"""The report of pause_tokens.py."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from matplotlib import pyplot as plt

from ponder.evals.metrics.bootstrap import Interval, bootstrap_mean
from reproductions.parity import Size, model
from reproductions.pause_trials import FOUR, PRETRAININGS, Trial, select, ways
from reproductions.writing import COLOURS, STYLES, interval, table, write_report

NAME = "pause-tokens"
HEAD = """# Pause tokens in miniature

**What this is not.** No language: the paper pretrains models of 130 million and a billion
parameters on 200 billion tokens of C4 and finetunes them on nine tasks of question answering,
reasoning and recall; ours has {parameters:,} parameters, is pretrained on short parities and
finetuned on longer ones. Whether pauses help *language* models cannot be seen here. Attention is
causal (the paper's decoder reads prompt and pauses both ways; ponder offers that as `prefix_lm`).
What can be seen is the method on a task where more positions may help a model that is narrow, and
what of an effect is due to what.

The task is `b1 … bn = p`: whether an odd number of n bits is 1. Pretraining: rows of {length}
tokens of parities of 1 to n/2 bits, {pretraining:,} steps of {batch} rows; PausePT inserts pauses,
a tenth of a row, at random places, cuts it back to its length, and learns every token but pauses
(algorithm 1). So it sees a tenth fewer real tokens, as in the paper. Finetuning: parities of all n
bits, learnt at the answer alone (algorithm 2), with M = n pauses (PauseFT) or none (StdFT). A run
has at most {finetuning:,} steps of {batch} tasks and ends when 99 % of all 2^n tasks are right
twice in a row. Steps are matched between arms, and tokens are not: with M = n a step reads about
twice the tokens. All tasks are seen in training, so this is about what a model can come to compute,
not about new tasks.

Written by

    python -m reproductions.pause_tokens

in {minutes:.0f} CPU minutes on one core; {seeds} seeds of everything. Solved: the share of seeds
that reach 99 %, with Wilson's 95 % interval ({seeds} seeds make wide ones). Median steps are over
all seeds, those that never get there counted as more than the cap. Accuracy at the end is a mean,
with a 95 % interval by a bootstrap over seeds.
"""
CLAIMS = """The paper's claims (abstract): at a billion parameters, pauses in pretraining *and*
finetuning gain on 8 of 9 tasks (+18 % exact match on SQuAD, +8 % on CommonSenseQA, +1 % on GSM8k).
From secondary sources only: pauses in finetuning alone are mixed and can hurt; in pretraining alone
they gain clearly on two tasks; ten or fifty dots at inference gain nothing.
"""


CONTROLS = """## Controls

On {bits} bits. M: other numbers of pauses in finetuning, and then at inference. Frozen '.': an
ordinary token of the vocabulary in the place of pauses, whose embedding is not learnt. Hints are
*not* Goyal et al.'s method: with them the counts (is the sum at least k, for each k) are learnt as
well, at "=" and the pauses (as London & Kanade, 2505.21024, and in the manner of Pfau et al.'s
dense supervision), or, without any pause, by linear heads on the state at "=".

"""


def write(trials: Sequence[Trial], sizes: Sequence[Size], out: Path) -> None:
    """Report and plots."""
    out.mkdir(parents=True, exist_ok=True)
    first = sizes[0]
    seeds = len({trial.seed for trial in trials})
    parts = [
        HEAD.format(
            parameters=sum(one.numel() for one in model(first, 0).parameters()),
            length=first.length,
            pretraining=first.pretraining,
            batch=first.batch,
            finetuning=first.finetuning,
            minutes=sum(trial.seconds for trial in trials) / 60,
            seeds=seeds,
        ),
        "## The four-way table\n\n" + CLAIMS,
        *(_four(trials, size) for size in sizes),
        _curves(trials, sizes, out),
        _controls(trials, first),
        _sweep(trials, first, out),
    ]
    write_report(out / f"{NAME}.md", "\n".join(parts))


def _four(trials: Sequence[Trial], size: Size) -> str:
    rows = [
        _row(f"{pretraining}_{way}", _of(trials, size, pretraining, way), size)
        for pretraining in PRETRAININGS
        for way in FOUR
    ]
    return f"{size.bits} bits:\n\n" + table(COLUMNS, rows)


COLUMNS = ("", "solved, %", "median steps to 99 %", "accuracy at the end, %")


def _row(name: str, some: Sequence[Trial], size: Size) -> list[str]:
    solved = [float(one.solved is not None) for one in some]
    cap = size.finetuning + 1
    steps = median(one.solved or cap for one in some)
    shown = f"> {size.finetuning:,}" if steps >= cap else f"{steps:,.0f}"
    return [
        name, interval(wilson(solved)), shown,
        interval(bootstrap_mean([one.accuracy for one in some])),
    ]  # fmt: skip


def _controls(trials: Sequence[Trial], size: Size) -> str:
    names = [name for name in ways(size.bits) if name not in FOUR]
    rows = [
        _row(f"{way}, {pretraining}", _of(trials, size, pretraining, way), size)
        for way in names
        for pretraining in PRETRAININGS
    ]
    return CONTROLS.format(bits=size.bits) + table(COLUMNS, rows)


def _sweep(trials: Sequence[Trial], size: Size, out: Path) -> str:
    counts = sorted({count for one in trials if one.size == size.bits for count in one.swept})
    if not counts:
        return ""
    rows: list[list[str]] = []
    for pretraining in PRETRAININGS:
        some = _of(trials, size, pretraining, "PauseFT")
        solved = [one for one in some if one.solved is not None]
        shown = [_mean([one.swept[count] for one in solved]) for count in counts]
        rows.append([f"{pretraining}_PauseFT ({len(solved)} solved)", *shown])
    return (
        f"## Other numbers of pauses at inference than the {size.bits} trained\n\n"
        "Secondary sources: PausePT_PauseFT stays above the baseline down to about half of M, and "
        "collapses at none. Accuracy, %, of the seeds that were solved; 50 % is chance.\n\n"
        + table(["M at inference", *map(str, counts)], rows)
    )


def _curves(trials: Sequence[Trial], sizes: Sequence[Size], out: Path) -> str:
    figure, every = plt.subplots(
        1, len(sizes), figsize=(5.2 * len(sizes), 3.8), layout="constrained", squeeze=False
    )
    for axes, size in zip(every[0], sizes, strict=True):
        for number, (pretraining, way) in enumerate((p, w) for p in PRETRAININGS for w in FOUR):
            some = _of(trials, size, pretraining, way)
            steps = range(size.every, size.finetuning + 1, size.every)
            shares = [100 * mean(_by(one, step) for one in some) for step in steps]
            style: Any = STYLES[number]
            axes.plot(steps, shares, color=COLOURS[number], ls=style, label=f"{pretraining}_{way}")
        axes.set(title=f"{size.bits} bits", xlabel="steps of finetuning", ylim=(-4, 104))
        axes.grid(alpha=0.25)
    every[0][0].set_ylabel("seeds at 99 %, %")
    every[0][0].legend(frameon=False, fontsize=8)
    for kind in ("png", "svg"):
        figure.savefig(out / f"{NAME}.{kind}", dpi=120)
    plt.close(figure)
    return f"![The share of seeds that have reached 99 %, by steps]({NAME}.svg)\n"


def _by(trial: Trial, step: int) -> float:
    return float(trial.solved is not None and trial.solved <= step)


def _of(trials: Sequence[Trial], size: Size, pretraining: str, way: str) -> list[Trial]:
    return select(trials, size=size.bits, pretraining=pretraining, way=way)


def _mean(values: Sequence[float]) -> str:
    return interval(bootstrap_mean(values)) if values else "–"


def wilson(hits: Sequence[float]) -> Interval:
    """A share with its 95 % interval (Wilson 1927), which is not empty where all are alike."""
    n, share, z = len(hits), mean(hits), 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))
