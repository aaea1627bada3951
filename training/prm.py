"""Fitting process reward models (2305.20050, section 2.5; 2408.03314, appendix D)."""

from collections.abc import Sequence
from pathlib import Path

from ..verifiers.prm import Tokens
from .bad import Bad
from .building import base_tokenizer
from .encoding import StepEncoder
from .examples import Example
from .fit_options import PRMOptions, prm_options
from .fitting import Data, Fitted
from .journal import Say
from .kinds import process_kind
from .reward_fit import RewardFit


def fit_prm(
    examples: Sequence[Example],
    base: str | Path,
    out: Path,
    options: PRMOptions | None = None,
    *,
    validation: Sequence[Example] = (),
    pool: Sequence[Example] = (),
    processbench: Sequence[tuple[Example, int]] = (),
    bad: Bad | None = None,
    say: Say | None = None,
) -> Fitted:
    """Fit a process reward model to labelled steps; `prm:OUT` is then the verifier.

    `base` is a folder or an id on the hub; `options` are those of `prm_options()` if not given.
    With `validation` (or a share of the questions, as the options say), a `pool` of solutions whose
    `correct` is known, or ProcessBench's rows, the model is measured as it goes, and the best of it
    is kept. The same call goes on where an earlier one was killed; `say` is told how it goes.

    Raises:
        InputError: data, settings, base model or folder are not right.
        MissingError: this machine lacks what is asked for.
        FitError: the loss is no number.
    """
    options = options or prm_options()
    kind = process_kind(options)
    tokenizer = base_tokenizer(str(base))
    encode = StepEncoder(Tokens(tokenizer), kind.format, kind.record.labels, options.neutral)
    fit = RewardFit(
        "prm", str(base), Path(out), encode, tokenizer, options, bad or Bad(), say, kind=kind
    )
    return fit(Data(examples, validation, pool, processbench))
