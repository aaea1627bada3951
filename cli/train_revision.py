"""`ponder train revision`: fitting a model that revises its answers."""

import sys
from typing import TYPE_CHECKING

from ..training import Bad, read_examples, revision_options
from ..training.revision.pairs import Account
from .train import (
    Base,
    DataFile,
    Lora,
    Out,
    Seed,
    Setting,
    SkipBad,
    Validation,
    refuse_none,
    rows_of,
    run,
    say,
    settings_of,
)

if TYPE_CHECKING:
    from ..training import Fitted


def revision(
    data: DataFile,
    base: Base,
    out: Out,
    validation: Validation = None,
    option: Setting = None,
    lora: Lora = False,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
) -> int:
    """Fit a model to revise, from parallel answers to many questions (2408.03314, section 6). Then
    `--graph refine --model transformers/OUT` asks it.

    DATA's rows have `answer` and `correct`, as `ponder label rollouts` writes them. The rest is in
    docs/revision.md.
    """
    options = revision_options(**settings_of(option, lora, seed))
    bad, account = Bad(skip_bad), Account()
    samples = list(read_examples(data, bad, need="correct"))
    kept = rows_of(validation, bad, "correct")
    refuse_none(samples, data)

    def fit() -> "Fitted":
        from ..training import fit_revision

        fitted = fit_revision(
            samples, base, out, options, validation=kept, account=account, bad=bad, say=say
        )
        for line in account.lines():
            print(line, file=sys.stderr)
        return fitted

    return run(fit, bad, out, f"model                transformers/{out}")
