"""The report of compute_optimal.py."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

from ponder.evals.optimal import Optimal, Outcome, pooled
from reproductions.optimal_results import BASELINE, BINS, SEARCHES, Results, mean_of
from reproductions.writing import (
    COLOURS,
    MARKS,
    interval,
    percent,
    points,
    sketch,
    spread,
    table,
    write_report,
)

NAME = "compute-optimal"
ORDER = (BASELINE, *SEARCHES)
HEAD = """# "Scaling LLM Test-Time Compute Optimally" in miniature

**What this is not.** No language is understood here: the paper's generator is PaLM 2-S* and its
questions are MATH, ours is a transformer of 0.17 million parameters that does arithmetic on a clock
of ten hours with one operation a line, and its mistakes are misconceptions that its teachers had.
Shapes can be compared with the paper's, numbers cannot; the paper itself gives most of them in
figures alone. Left out: revisions (section 6), the exchange with pretraining (section 7), a budget
of 256 for the searches, and lookahead search with M = 4. There are {tested} questions, not 500, so
a bin has {each}. Difficulty is estimated from {difficulty} samples, not 2048; what it costs is not
counted, here as there.

Written by

    python -m reproductions.compute_optimal{option}

in {minutes:.0f} CPU minutes on one core; {seeds} seeds, each with a reward model and searches of
its own. ± is the standard deviation over seeds; brackets are 95 % intervals by a
bootstrap over questions, whose accuracies are means over seeds and trials. Temperature 1
and a nucleus of 0.95 (the paper does not say).

{verifier}

Of the generator's answers {right} % are right, {lucky} % of these with a wrong line.
"""


ROLLOUTS = """The reward model is fitted to {labelled:.0f} solutions of {taught} questions, each
line labelled with the share of {rollouts} rollouts from it that end in the right answer; a
solution's score is its last line's (paper: 16 samples a question, 16 rollouts)."""
TRUTH = """The reward model is not the paper's: it is fitted to {labelled:.0f} solutions of {taught}
questions with true labels of lines, as in 2305.20050, and a solution, or its beginning, has the
product of its lines' scores. compute-optimal.md has the paper's own."""


def write(results: Results, out: Path) -> None:
    """Report and plots."""
    out.mkdir(parents=True, exist_ok=True)
    scale, facts = results.scale, results.facts
    head = HEAD.format(
        tested=scale.tested,
        each=scale.tested // BINS,
        difficulty=scale.difficulty,
        minutes=facts["CPU minutes"],
        seeds=scale.seeds,
        verifier=(TRUTH if results.truth else ROLLOUTS).format(
            labelled=facts["labelled solutions"], taught=scale.taught, rollouts=scale.rollouts
        ),
        option=f"{' --truth' * results.truth} --seeds {scale.seeds}",
        right=percent(facts["right"]),
        lucky=percent(facts["lucky"]),
    )
    outcomes = pooled([one for own in results.seeds for one in own])
    parts = [head, _overall(results, out), _bins(results, outcomes, out), _choice(results)]
    write_report(out / f"{_name(results)}.md", "\n".join(parts))


def _name(results: Results) -> str:
    return f"{NAME}-truth" if results.truth else NAME


def _overall(results: Results, out: Path) -> str:
    budgets = results.scale.budgets
    rows = [[name, *(_seeds(results, name, budget) for budget in budgets)] for name in ORDER]
    rows.append([
        "compute-optimal", *(interval(results.optimal[budget].accuracy) for budget in budgets)
    ])  # fmt: skip
    curve = [n for n in (2**i for i in range(20)) if n <= results.scale.most]
    sketch(
        out / f"{_name(results)}-strategies.png",
        {
            BASELINE: _curve(results, BASELINE, curve),
            **{name: _curve(results, name, budgets) for name in SEARCHES},
            "compute-optimal": (
                list(budgets),
                [100 * results.optimal[budget].accuracy.value for budget in budgets],
                [0.0] * len(budgets),
            ),
        },
        title="Accuracy by strategy (paper: figures 3 and 4)",
        across="generations",
    )
    return f"""
## Strategies at equal budgets

Paper (figure 3, left): beam search is well ahead of best-of-n at small budgets, and level with it
or behind at large ones; lookahead search is behind at equal budgets.

{table(["accuracy, %", *(f"{budget} generations" for budget in budgets)], rows)}
![Strategies]({_name(results)}-strategies.png)
"""


def _seeds(results: Results, name: str, budget: int) -> str:
    found = [mean_of(own, name, budget) for own in results.seeds]
    known = [value for value in found if value is not None]
    return spread(known) if known else "–"


def _curve(
    results: Results, name: str, budgets: Sequence[int]
) -> tuple[list[float], list[float], list[float]]:
    x, mean, off = [], [], []
    for budget in budgets:
        found = [mean_of(own, name, budget) for own in results.seeds]
        known = [100 * value for value in found if value is not None]
        if known:
            x.append(float(budget))
            mean.append(float(np.mean(known)))
            off.append(float(np.std(known, ddof=1)) if len(known) > 1 else 0.0)
    return x, mean, off


def _bins(results: Results, outcomes: Sequence[Outcome], out: Path) -> str:
    rows = []
    for number in range(1, BINS + 1):
        for budget in results.scale.budgets:
            rows.append([
                f"{number} (pass@1 {percent(results.facts[f'pass@1 of bin {number}'])} %)",
                f"{budget}",
                *(_cell(results, outcomes, name, budget, number) for name in ORDER),
            ])  # fmt: skip
    _sketch_bins(results, outcomes, out / f"{_name(results)}-bins.png")
    return f"""
## By difficulty

Paper (figure 3, right): on easy questions (bins 1 and 2) beam search falls behind best-of-n as the
budget grows, since it over-optimises the verifier; on bins 3 and 4 it is ahead; on bin 5 nothing
helps.

{table(["bin", "budget", *ORDER], rows)}
![Bins]({_name(results)}-bins.png)
"""


def _value(
    results: Results, outcomes: Sequence[Outcome], name: str, budget: int, number: int
) -> float | None:
    own = [one for one in outcomes if results.bins[one.question] == number]
    return mean_of(own, name, budget)


def _cell(
    results: Results, outcomes: Sequence[Outcome], name: str, budget: int, number: int
) -> str:
    value = _value(results, outcomes, name, budget, number)
    return "–" if value is None else percent(value)


def _sketch_bins(results: Results, outcomes: Sequence[Outcome], path: Path) -> None:
    figure, every = plt.subplots(
        1, BINS, figsize=(11, 3.2), sharey=True, layout="constrained", squeeze=False
    )
    for number, axes in enumerate(every[0], 1):
        for place, name in enumerate(ORDER):
            found = [
                (budget, 100 * value)
                for budget in results.scale.budgets
                if (value := _value(results, outcomes, name, budget, number)) is not None
            ]
            axes.plot(
                [budget for budget, _ in found],
                [value for _, value in found],
                color=COLOURS[place],
                marker=MARKS[place],
                ms=4,
                label=name,
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(results.scale.budgets, [f"{one}" for one in results.scale.budgets])
        axes.set(title=f"bin {number}", xlabel="generations")
        axes.grid(alpha=0.25)
    every[0][0].set_ylabel("accuracy, %")
    every[0][0].legend(frameon=False, fontsize=7)
    for kind in ("png", "svg"):
        figure.savefig(path.with_suffix(f".{kind}"), dpi=110)
    plt.close(figure)


def _choice(results: Results) -> str:
    budgets = results.scale.budgets
    rows = [
        [
            f"{budget}",
            interval(results.optimal[budget].accuracy),
            points(results.optimal[budget].gain),
            points(results.optimal[budget].over_fixed),
            points(results.by_prediction[budget].gain),
            f"{results.worth[budget]}",
        ]
        for budget in budgets
    ]
    chosen = [
        [f"{number}", *(_folds(results.optimal[budget], number) for budget in budgets)]
        for number in range(1, BINS + 1)
    ]
    nothing = results.nothing
    assert nothing is not None
    share = percent(results.facts["predicted bins that are the true ones"])
    return f"""
## The compute-optimal choice

Paper (section 5.3, figure 4): about best-of-n's accuracy with up to **4 ×** fewer generations (16
for 64), with bins by true or by predicted difficulty.

Chosen on one half of each bin's questions and reported on the other. "Worth" is how many times as
many generations best-of-n needs for that accuracy, by its curve up to {results.scale.most}. Predicted
bins are the true ones for {share} % of questions.

{table(["budget", "accuracy, %", "over best-of-n, points", "over one strategy for all", "with predicted bins, over best-of-n", "worth"], rows)}
{table(["bin", *(f"chosen with {budget}" for budget in budgets)], chosen)}
**With a verifier that knows nothing** (budget {results.scale.null}, {results.scale.null_trials} trials of each search):
the choice comes to {interval(nothing.accuracy)} %, {points(nothing.over_fixed)} points over one
strategy for all and {points(nothing.gain)} over best-of-n, which is then a vote among
{results.scale.null} answers, where a search gives nearly any one of them: where the most frequent
answer is wrong, that alone makes a difference. Chosen and reported on the same questions it would
seem to be {percent(nothing.in_sample - nothing.fixed.value)} points ahead of one strategy for all,
which is what the two folds are for.
"""  # noqa: E501


def _folds(found: Optimal, number: int) -> str:
    own = next((one for one in found.choices if one.bin == number), None)
    if own is None:
        return "–"
    first, second = own.folds
    return first if first == second else f"{first}, {second}"
