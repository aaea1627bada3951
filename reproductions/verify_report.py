"""The report of verify_step_by_step.py."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ponder.training import Line, best_fit
from reproductions.verify_results import NS, Results, runs_of
from reproductions.writing import (
    interval,
    over_questions,
    percent,
    points,
    sketch,
    spread,
    table,
    write_report,
)

NAME = "verify-step-by-step"
WAYS = ("at random", "chosen")
"""Of labelling, in experiment 3."""
HEAD = """# "Let's Verify Step by Step" in miniature

**What this is not.** No language is understood here: the paper's generator is GPT-4 and its
questions are MATH, ours is a transformer of 0.17 million parameters that does arithmetic on a clock
of ten hours with one operation a line, and its mistakes are misconceptions that its teachers had.
Shapes of curves can be compared with the paper's, numbers cannot. Left out: human labels (truth is
known here, and stands in for them), the neutral label (no line of this task makes no progress), the
phases of data collection and the selector's iterative training (section 4.2 finds no gain in it),
and the out-of-distribution tests (section 5). The large model is no larger than the small ones: it
is trained on more, with true labels. Reward models start from weights that have seen marked
homework (`reproductions/generator.py`), without which a model of this size needs far more labels.

Written by

    python -m reproductions.verify_step_by_step

in {minutes:.0f} CPU minutes on one core; {seeds} seeds. A seed draws the labelled solutions, the
first weights of heads and the order of the data; generator and questions are the same for all.
Accuracy is on {tested} questions of 5 to 8 operations, with 64 samples each (temperature 1, nucleus
of 0.95), and best-of-n is exact over all draws of n of them. ± is the standard deviation over
seeds; brackets are 95 % intervals by a bootstrap over questions.

Of the generator's answers {right} % are right, {lucky} % of these with a wrong line; of 64 answers
one is right for {pass64} % of questions.
"""


def write(results: Results, out: Path) -> None:
    """Report and plots."""
    out.mkdir(parents=True, exist_ok=True)
    scale, facts = results.scale, results.facts
    head = HEAD.format(
        minutes=facts["CPU minutes"],
        seeds=scale.seeds,
        tested=scale.tested,
        right=percent(facts["right"]),
        lucky=percent(facts["lucky"]),
        pass64=percent(facts["pass@64"]),
    )
    parts = [head, _first(results, out), _second(results, out), _third(results, out)]
    write_report(out / f"{NAME}.md", "\n".join(parts))


def _first(results: Results, out: Path) -> str:
    scale = results.scale
    rows = [
        [name, *(spread([float(one[:, at].mean()) for one in seeds]) for at in range(len(NS)))]
        for name, seeds in results.curves.items()
    ]
    last = [
        [name, interval(over_questions([one[:, -1] for one in seeds]))]
        for name, seeds in results.curves.items()
    ]
    names = ("process reward model", "outcome reward model", "majority")
    process, outcome, majority = (
        np.mean([one[:, -1] for one in results.curves[name]], axis=0) for name in names
    )
    differences = [
        ["process − outcome", points(over_questions([process - outcome])), "+5.8"],
        ["outcome − majority", points(over_questions([outcome - majority])), "+2.8"],
    ]
    sketch(
        out / f"{NAME}-best-of-n.png",
        {
            name: (
                list(NS),
                list(100 * np.mean([one.mean(axis=0) for one in seeds], axis=0)),
                list(100 * np.std([one.mean(axis=0) for one in seeds], axis=0, ddof=1))
                if len(seeds) > 1
                else [0.0] * len(NS),
            )
            for name, seeds in results.curves.items()
        },
        title="Best-of-n by what chooses (paper: figure 3)",
        across="n",
    )
    return f"""
## 1. Process, outcome, majority

Paper (figure 3, best of 1860 on MATH): process **78.2**, outcome 72.4, majority 69.6. Weighting the
vote by the process model "did not noticeably improve" on choosing its best.

Here the process model is fitted to {scale.large * scale.process:,} solutions with true labels up to
the first wrong line, the outcome model to {scale.many * scale.outcome:,} solutions by their final
answers (the paper's outcome model had more data, too).

{table(["chosen by", *(f"n = {n}" for n in NS)], rows)}
{table(["n = 64", "accuracy, %"], last)}
{table(["difference at n = 64", "points", "paper"], differences)}
![Best-of-n]({NAME}-best-of-n.png)
"""


def _second(results: Results, out: Path) -> str:
    scale = results.scale
    kinds = [arm for arm in results.sweeps if arm not in WAYS]
    rows = [
        [arm, *(spread([float(one[:, -1].mean()) for one in results.sweeps[arm][each]])
                for each in scale.supervised)]
        for arm in kinds
    ]  # fmt: skip
    most = scale.supervised[-1]
    ends = {
        arm: np.mean([one[:, -1] for one in results.sweeps[arm][most]], axis=0) for arm in kinds
    }
    process, by_large, by_answer = (ends[arm] for arm in kinds)
    differences = [
        ["process − outcome by the large model", points(over_questions([process - by_large]))],
        [
            "outcome by the large model − by the answer",
            points(over_questions([by_large - by_answer])),
        ],
    ]
    _sketch_sweeps(results, out / f"{NAME}-supervision.png", kinds, "Three kinds of supervision")
    sketch(
        out / f"{NAME}-supervision-n.png",
        {
            arm: (
                list(NS),
                list(
                    100 * np.mean([one.mean(axis=0) for one in results.sweeps[arm][most]], axis=0)
                ),
                list(100 * np.std([one.mean(axis=0) for one in results.sweeps[arm][most]], axis=0)),
            )
            for arm in kinds
        },
        title=f"Best-of-n with {most} labelled solutions a question (paper: figure 4b)",
        across="n",
    )
    return f"""
## 2. Three kinds of supervision of the same solutions

Paper (figure 4, read by eye): process above outcome by the large model above outcome by the final
answer, at every number of samples.

{scale.many:,} questions with up to {most} solutions each. The large model is experiment 1's: a line
is wrong if p(negative) > 0.20, up to the first wrong line; a solution is right if no line is wrong.
By truth it is right about {percent(results.facts["large model is right about"])} % of these
solutions. Accuracy is best-of-64, %.

{table(["supervision", *(f"{each} a question" for each in scale.supervised)], rows)}
{table([f"difference with {most} a question", "points"], differences)}
![By labelled solutions]({NAME}-supervision.png)

![Over n]({NAME}-supervision-n.png)
"""


def _third(results: Results, out: Path) -> str:
    scale, found = results.scale, results.efficiency
    assert found is not None
    rows = []
    for arm in WAYS:
        for each in scale.each:
            seeds = results.sweeps[arm][each]
            rows.append([
                arm, f"{each}",
                f"{np.mean(results.labelled[arm][each]):.0f}",
                percent(results.facts[f"wrong of {each}, {arm}"]),
                spread([float(one[:, -1].mean()) for one in seeds]),
            ])  # fmt: skip
    _sketch_sweeps(results, out / f"{NAME}-active.png", WAYS, "Active learning (paper: figure 4a)")
    return f"""
## 3. Active learning

Paper (section 4.2): the selector is trained on 1 sample a question; of N a question 80 % are the
most convincing wrong answers and 20 % the most convincing of the rest; the lines of best fit over
log N have slopes whose ratio is **2.6**, without an interval.

{scale.taught} questions with {results.facts["distinct"]:.1f} distinct solutions each, on average of
{scale.pool} samples, labelled by the large model. Ratio of slopes here: **{found}**
(95 %, bootstrap over fits). Points for each doubling: chosen
{_doubling(found.active)}, at random {_doubling(found.uniform)}.

{table(["solutions", "N a question", "labelled", "wrong answers, %", "best-of-64, %"], rows)}
![Active learning]({NAME}-active.png)
"""


def _doubling(line: Line) -> str:
    return f"{100 * np.log(2) * line.slope:.2f}"


def _sketch_sweeps(results: Results, path: Path, arms: Sequence[str], title: str) -> None:
    curves, lines = {}, {}
    for arm in arms:
        of = results.sweeps[arm]
        x = [float(np.mean(results.labelled[arm][each])) for each in of]
        ends = [[100 * float(one[:, -1].mean()) for one in seeds] for seeds in of.values()]
        off = [float(np.std(one, ddof=1)) if len(one) > 1 else 0.0 for one in ends]
        curves[arm] = (x, [float(np.mean(one)) for one in ends], off)
        fitted = best_fit(runs_of(results, arm))
        lines[arm] = (x, [100 * fitted.at(value) for value in x])
    sketch(path, curves, title=title, across="labelled solutions", lines=lines)
