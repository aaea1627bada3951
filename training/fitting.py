"""A fit from its data to its folder, whatever kind of reward model it is of."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError, MissingError
from . import building, checkpoints, trainer
from .bad import Bad
from .batches import rows_of
from .encoding import Encode, Encoded, encode_all, needed
from .examples import Example
from .fit_options import Best, FitOptions
from .journal import (
    Identity,
    Journal,
    Say,
    begin,
    cut_metrics,
    digest,
    finish,
    held,
    read_metrics,
    result_in,
)
from .scoring import Scoring
from .split import split


@dataclass(frozen=True, slots=True)
class Data:
    """Labelled solutions, by what they are for."""

    train: Sequence[Example]
    validation: Sequence[Example] = ()
    """If there are none, a share of the questions of `train`."""
    pool: Sequence[Example] = ()
    """For best-of-n: many solutions of each question, all with `correct`."""
    processbench: Sequence[tuple[Example, int]] = ()
    """Each with the index of its first wrong step, or -1."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What came of a fit."""

    folder: Path
    """`prm:FOLDER` or `orm:FOLDER` is the verifier."""
    steps: int
    """Steps of the optimiser that were made."""
    best_step: int
    """The step whose weights these are: the last where nothing chose."""
    examples: int
    """Solutions it was fitted to."""
    validation: Mapping[str, float] = field(default_factory=dict)
    """What was measured at that step; empty without data for it."""
    metrics: Sequence[Mapping[str, Any]] = ()
    """All lines of metrics.jsonl."""


@dataclass(frozen=True)
class Fit(ABC):
    """A fit that is ready to be made, of whatever kind of model."""

    name: str
    base: str
    folder: Path
    encode: Encode
    tokenizer: Any
    options: FitOptions
    bad: Bad
    say: Say | None = None

    def __call__(self, data: Data) -> Fitted:
        """Fit, or go on with what the folder has, or return what is finished.

        Raises:
            InputError: data, settings, base model or folder are not right.
            MissingError: this machine lacks what is asked for.
            FitError: the loss is no number.
        """
        identity = self._identity(data)
        done = result_in(self.folder, identity)
        if done is not None:
            return fitted_in(self.folder, done)
        train, validation = list(data.train), list(data.validation)
        if not validation:
            train, validation = split(train, self.options.validation, self.options.seed)
        learnt = [needed(one) for _, one in self._encoded(train, "fit to")]
        wanted = self._wanted(validation, data)
        self._warn(train, {"validation data": validation, "pool": data.pool})
        best = self._best(wanted)
        scoring = self._build(cuda=cuda_for(self.options.device))
        with held(self.folder):
            done = result_in(self.folder, identity)  # another process may have been here meanwhile
            if done is not None:
                return fitted_in(self.folder, done)
            begin(self.folder, identity)
            return self._run(scoring, learnt, wanted, best)

    def _warn(self, train: Sequence[Example], others: Mapping[str, Sequence[Example]]) -> None:
        """Say where it is measured on questions that it is fitted to."""
        fitted = {one.question for one in train}
        for name, some in others.items():
            both = len(fitted & {one.question for one in some})
            if both and self.say is not None:
                self.say(
                    f"{both} questions of the {name} are fitted to as well: what is measured on "
                    "them is too good"
                )

    def _identity(self, data: Data) -> Identity:
        sets = {
            "train": data.train,
            "validation": data.validation,
            "pool": data.pool,
            "processbench": [example for example, _ in data.processbench],
        }
        digests = {name: digest(rows) for name, rows in sets.items() if rows}
        return Identity(self.name, self.base, self.options.model_dump(), digests)

    # --- data ---------------------------------------------------------------------------------

    def _encoded(
        self, examples: Iterable[Example], what: str, *, learnt: bool = True
    ) -> list[tuple[Example, Encoded]]:
        takes = building.longest(self.base)
        limit = min(takes, self.options.max_length or takes)
        found = encode_all(examples, self.encode, limit, self.bad)
        kept = [pair for pair in found if pair[1].learnt or not learnt]
        if not kept:
            raise InputError(f"there is no solution to {what}")
        return kept

    def _wanted(self, validation: Sequence[Example], data: Data) -> "Wanted":
        return Wanted(
            self._encoded(validation, "validate on") if validation else [],
            self._encoded(data.pool, "choose among", learnt=False) if data.pool else [],
            self._marked(data.processbench),
        )

    def _marked(self, rows: Sequence[tuple[Example, int]]) -> list[tuple[Encoded, int]]:
        if not rows:
            return []
        labels = {id(example): label for example, label in rows}
        kept = self._encoded([example for example, _ in rows], "mark", learnt=False)
        return [(one, labels[id(example)]) for example, one in kept]

    # --- the run ------------------------------------------------------------------------------

    def _run(self, scoring: Scoring, data: list[Encoded], wanted: "Wanted", best: Best) -> Fitted:
        options, folder = self.options, self.folder
        cuda = cuda_for(options.device)
        longest = max(len(one.ids) for one in data)
        rows = options.rows or rows_of(options.batch, longest, options.pass_tokens)
        measure = self._measure(scoring, wanted)
        checkpoint = checkpoints.last_whole(folder / checkpoints.CHECKPOINTS)
        cut_metrics(folder, checkpoints.step_of(checkpoint) if checkpoint else -1)
        made = trainer.FitTrainer(
            scoring,
            data,
            options,
            rows=rows,
            arguments=trainer.arguments(
                options, folder, rows=rows, measured=measure is not None, best=best, cuda=cuda
            ),
            measure=measure,
            callbacks=[
                Journal(folder, self.say),
                trainer.Care(),
                *trainer.stopping(options, best),
            ],
        )
        made.go(checkpoint)
        self._save(scoring)
        steps = made.state.global_step
        kept = steps if best in ("last", "after") else made.state.best_global_step
        result = {"steps": steps, "best_step": kept, "examples": len(data)}
        finish(folder, result)
        shutil.rmtree(folder / checkpoints.CHECKPOINTS, ignore_errors=True)
        return fitted_in(self.folder, result)

    @abstractmethod
    def _build(self, *, cuda: bool) -> Scoring:
        """The base model, as it is fitted."""

    @abstractmethod
    def _save(self, scoring: Scoring) -> None:
        """Write what it has become."""

    @abstractmethod
    def _measure(self, scoring: Scoring, wanted: "Wanted") -> trainer.Measure | None:
        """What measures it as it goes; None if there is nothing to measure on."""

    def _best(self, wanted: "Wanted") -> Best:
        best = self.options.best or ("loss" if wanted.validation else "last")
        needs = {"last": True, "best_of_n": wanted.pool}.get(best, wanted.validation)
        if not needs:
            data = "a pool" if best == "best_of_n" else "validation data"
            raise InputError(f"setting best={best} needs {data}")
        return best


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is measured on, encoded."""

    validation: Sequence[tuple[Example, Encoded]]
    pool: Sequence[tuple[Example, Encoded]]
    processbench: Sequence[tuple[Encoded, int]]


def fitted_in(folder: Path, result: Mapping[str, Any]) -> Fitted:
    """What came of the fit in a folder, with that result in its fit.json."""
    lines = read_metrics(folder)
    best = result["best_step"]
    found = [line["validation"] for line in lines if line["step"] == best and "validation" in line]
    return Fitted(
        folder, result["steps"], best, result["examples"], found[-1] if found else {}, lines
    )


def cuda_for(device: str | None) -> bool:
    """Whether it is fitted on a GPU.

    Raises:
        MissingError: one is asked for, and there is none.
    """
    there = torch.cuda.is_available()
    if device == "cuda" and not there:
        raise MissingError("device=cuda: there is no such device here")
    return there and device != "cpu"
