"""Fitting a model to revise its answers (2408.03314, section 6.1 and appendix H)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...models.local.passes import in_passes
from ...models.local.prompts import Prompts
from .. import building, trainer
from ..bad import Bad
from ..batches import collate
from ..encoding import Encoded
from ..examples import Example
from ..fit_options import RevisionOptions, revision_options
from ..fitting import Data, Fit, Fitted, Wanted
from ..journal import Say
from ..measuring import mean_loss
from ..scoring import Reading, Scoring
from .encoding import AnswerEncoder, as_examples
from .pairs import Account, revisions


class Writing(Scoring):
    """A language model, as it is fitted to tokens: logits are made where one is learnt alone."""

    def _numbers(self, states: Tensor) -> Tensor:
        return self.logits(states).log_softmax(-1)

    def loss(self, numbers: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy with the tokens that follow, [n, 1]: [n]."""
        return -numbers.gather(1, targets.long())[:, 0]


@dataclass(frozen=True)
class Loss:
    """The mean loss of a token on validation data."""

    writing: Writing
    data: Sequence[Encoded]
    pass_tokens: int

    @torch.inference_mode()
    def __call__(self) -> Mapping[str, float]:
        """See `trainer.Measure`."""
        self.writing.eval()
        device = next(self.writing.parameters()).device
        total, count = 0.0, 0
        for some in in_passes([len(one.ids) for one in self.data], self.pass_tokens):
            batch = collate([self.data[index] for index in some])
            rows, columns = batch["rows"].to(device), batch["columns"].to(device)
            numbers = self.writing(batch["input_ids"].to(device), rows, columns)
            losses = self.writing.loss(numbers, batch["targets"].to(device))
            total, count = total + float(losses.double().sum()), count + len(losses)
        return {"loss": mean_loss(total, count)}


class RevisionFit(Fit):
    """As the fit of a reward model; what comes of it is a language model."""

    def _build(self, *, cuda: bool) -> Scoring:
        model = building.language_model(self.base, self.options, cuda=cuda)
        # It has its own head: any word says so, since all of the vocabulary is read.
        return Writing(model, Reading(1, words=(0,), over="vocabulary"))

    def _save(self, scoring: Scoring) -> None:
        building.save_model(scoring, self.tokenizer, self.folder)

    def _measure(self, scoring: Scoring, wanted: Wanted) -> trainer.Measure | None:
        assert isinstance(scoring, Writing)
        data = [one for _, one in wanted.validation]
        return Loss(scoring, data, self.options.pass_tokens) if data else None


def fit_revision(
    samples: Sequence[Example],
    base: str | Path,
    out: Path,
    options: RevisionOptions | None = None,
    *,
    validation: Sequence[Example] = (),
    account: Account | None = None,
    bad: Bad | None = None,
    say: Say | None = None,
) -> Fitted:
    """Fit a model to revise: `transformers/OUT` is then what `propose_verify_refine` asks.

    `samples` are parallel answers to many questions (64 each in the paper), each with `answer` and
    `correct`; `account` is told what became of them. The loss is that of the right answer alone.
    The same call goes on where an earlier one was killed; `say` is told how it goes.

    Raises:
        InputError: data, settings, base model or folder are not right.
        MissingError: this machine lacks what is asked for.
        FitError: the loss is no number.
    """
    options = options or revision_options()
    tokenizer = building.base_tokenizer(str(base))
    encode = AnswerEncoder(Prompts(str(base), tokenizer))
    fit = RevisionFit(
        "revision", str(base), Path(out), encode, tokenizer, options, bad or Bad(), say
    )
    learnt = revisions(samples, context=options.context, seed=options.seed, account=account)
    kept = revisions(validation, context=options.context, seed=options.seed)
    return fit(Data(list(as_examples(learnt)), list(as_examples(kept))))
