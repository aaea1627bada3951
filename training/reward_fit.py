"""The fit of a reward model."""

from dataclasses import dataclass, field

from . import building, trainer
from .fit_options import RewardOptions
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
