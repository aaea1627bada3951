"""A sweep and its analysis as tables, for the end of a command and for documents."""

from ..metrics.bootstrap import Interval, bootstrap_mean
from ..table import NONE, Rows
from .analysis import Analysis
from .outcomes import costs_of, table_of
from .sweep import Swept


def strategies(swept: Swept, order: list[str]) -> Rows:
    """Each strategy's accuracy with each budget, over the questions that every strategy has a grade
    of with that budget."""
    rows: Rows = [["accuracy (%)", *(f"{budget} generations" for budget in swept.budgets)]]
    tables = {budget: table_of(swept.outcomes, budget, order) for budget in swept.budgets}
    names = [name for name in order if any(name in one.strategies for one in tables.values())]
    for name in names:
        cells = [
            share(bootstrap_mean(table.column(name).tolist())) if name in table.strategies else NONE
            for table in tables.values()
        ]
        rows.append([name, *cells])
    rows.append(["questions", *(str(len(table.questions)) for table in tables.values())])
    return rows


def costs(swept: Swept, order: list[str]) -> Rows:
    """Tokens of a question with each strategy and budget: the model's, and the verifier's."""
    rows: Rows = [["tokens a question", *(f"{budget} generations" for budget in swept.budgets)]]
    spent = {budget: costs_of(swept.outcomes, budget) for budget in swept.budgets}
    for name in order:
        cells = [
            f"{one[name][1]:,.0f} + {one[name][2]:,.0f}" if name in one else NONE
            for one in spent.values()
        ]
        if any(cell != NONE for cell in cells):
            rows.append([name, *cells])
    return rows


def choices(found: Analysis) -> Rows:
    """Per budget and bin: the best, what each fold chose, best-of-n, the gain."""
    rows: Rows = [["budget", "bin", "n", "best", "folds", "accuracy", "best-of-n", "gain"]]
    for one in found.worth:
        for each in one.choices:
            folds = "same" if len({each.strategy, *each.folds}) == 1 else " / ".join(each.folds)
            head = [str(one.budget), str(each.bin), str(each.questions), each.strategy, folds]
            measured = [share(each.accuracy), share(each.baseline), share(each.gain, signed=True)]
            rows.append([*head, *measured])
    return rows


def worth(found: Analysis) -> Rows:
    """Per budget, over all bins."""
    names = ["compute-optimal", "best-of-n", "gain", "one for all", "over that", "naive", "worth"]
    rows: Rows = [["budget", *names]]
    for one, efficient in zip(found.worth, found.efficiencies, strict=True):
        rows.append(
            [
                str(one.budget),
                share(one.accuracy),
                share(one.at_baseline),
                share(one.gain, signed=True),
                share(one.fixed),
                share(one.over_fixed, signed=True),
                f"{100 * one.in_sample:.1f}",
                str(efficient),
            ]
        )
    return rows


def notes(found: Analysis) -> list[str]:
    """What the tables have to be read with."""
    cost, said = found.estimating, []
    said.append(
        "Shares of questions are in percent; in brackets, 95 % bootstrap intervals over questions. "
        "Each fold of a bin is reported by what the other chose; naive: by what it chose itself, "
        "which is too good. one for all: one strategy for every bin, chosen likewise. worth: "
        "generations of best-of-n for one."
    )
    said.append(
        f"Difficulty ({found.by}) took {cost.generations:.0f} generations, {cost.tokens:,.0f} "
        f"tokens and {cost.verifier_tokens:,.0f} of the verifier's a question, which no budget "
        f"above has in it; its standard error is {cost.error:.3f} on average."
    )
    if found.same_bin is not None:
        said.append(
            f"Predicted and oracle difficulty agree on the bin of {100 * found.same_bin:.0f} % of "
            "the questions."
        )
    if found.binned.astray:
        said.append(
            f"{found.binned.astray} questions are in another bin than their difficulty alone says, "
            "since others are equally difficult: more samples a question would tell them apart."
        )
    if found.absent:
        names = ", ".join(f"{name} with {budget}" for name, budget in found.absent)
        said.append(f"No question has an outcome of {names} generations: not chosen among.")
    if found.left_out:
        said.append(
            f"{found.left_out} questions are left out: they have no difficulty, or not every "
            "strategy has a grade of them."
        )
    return said


def share(interval: Interval, *, signed: bool = False) -> str:
    """In percent."""
    shown = "{:+.1f}" if signed else "{:.1f}"
    value, low, high = (
        shown.format(100 * number) for number in (interval.value, interval.low, interval.high)
    )
    return f"{value} [{low}, {high}]"
