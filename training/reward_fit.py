"""The fit of a reward model."""

from dataclasses import dataclass, field

from ..errors import InputError
from . import building, trainer
from .encoding import first_wrong
from .fit_options import Best, RewardOptions
from .fitting import Fit, Wanted
from .kinds import Kind
from .measuring import Measuring, Reader
from .scoring import Scoring


@dataclass(frozen=True)
class RewardFit(Fit):
    """A language model becomes a reward model, which loads back by its folder's name alone."""

    options: RewardOptions
    kind: Kind = field(kw_only=True)

    def _build(self, *, cuda: bool) -> Scoring:
        return building.build(self.base, self.kind, self.tokenizer, self.options, cuda=cuda)

    def _save(self, scoring: Scoring) -> None:
        building.save(scoring, self.kind, self.tokenizer, self.folder)

    def _best(self, wanted: Wanted) -> Best:
        best = super()._best(wanted)
        if best == "f1":
            wrongs = (
                first_wrong(example, self.options.neutral) for example, _ in wanted.validation
            )
            kinds = {wrong == -1 for wrong in wrongs if wrong is not None}
            if self.kind.outcome or len(kinds) < 2:
                raise InputError(
                    "setting best=f1 needs a process model, and validation data that have "
                    "solutions with a wrong step and solutions without one"
                )
        return best

    def _measure(self, scoring: Scoring, wanted: Wanted) -> trainer.Measure | None:
        if not (wanted.validation or wanted.pool or wanted.processbench):
            return None
        return Measuring(
            Reader(scoring, self.kind.format, self.options.pass_tokens),
            self.options.neutral,
            self.kind.outcome,
            wanted.validation,
            wanted.pool,
            wanted.processbench,
        )
