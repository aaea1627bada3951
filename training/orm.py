"""Fitting outcome reward models (2305.20050, section 2.4 and appendix E)."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ..verifiers.prm import Outcome, Tokens
from .bad import Bad
from .building import base_tokenizer
from .encoding import OutcomeEncoder
from .examples import Example
from .fit_options import ORMOptions, orm_options
from .fitting import Data, Fitted
from .journal import Say
from .kinds import outcome_kind
from .reward_fit import RewardFit


def fit_orm(
    examples: Sequence[Example],
    base: str | Path,
    out: Path,
    options: ORMOptions | None = None,
    *,
    validation: Sequence[Example] = (),
    pool: Sequence[Example] = (),
    bad: Bad | None = None,
    say: Say | None = None,
) -> Fitted:
    """Fit an outcome reward model to solutions whose `correct` is known; `orm:OUT` is then the
    verifier. Otherwise as `fit_prm`."""
    options = options or orm_options()
    tokenizer = base_tokenizer(str(base))
    kind = outcome_kind(options, tokenizer)
    encode = OutcomeEncoder(
        Tokens(tokenizer), cast(Outcome, kind.format), options.at == "every", options.join
    )
    fit = RewardFit(
        "orm", str(base), Path(out), encode, tokenizer, options, bad or Bad(), say, kind=kind
    )
    return fit(Data(examples, validation, pool))
