"""Finetuning a student (2402.10110, appendix D), with pauses (2310.02226) or without; and
pretraining."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...errors import InputError
from ...models.local.decoder import limit_of
from ...models.local.loading import forget
from ...models.local.masks import FULL, Masks
from ...models.local.passes import in_passes
from ...models.pauses import PauseConfig, write_pauses
from .. import building, checkpoints, trainer
from ..bad import Bad
from ..batches import rows_of
from ..examples import Unfit
from ..fit_options import Best
from ..fitting import Fitted, cuda_for, fitted_in
from ..instructions import Placed
from ..journal import Identity, Journal, Say, begin, cut_metrics, finish, held, result_in
from ..lora import with_lora
from ..measuring import mean_loss
from ..pauses.rows import Row
from ..pauses.token import add_pause_token
from ..split import drawn
from .begin import Begin
from .encoding import ConversationEncoder, Fixed, Paused, Rows, rows_of_texts
from .options import PretrainOptions, StudentOptions, pretrain_options, student_options
from .trainer import Collate, SFTConfig, StudentTrainer, token_loss

CHECKPOINTING = next(
    name
    for name in ("activation_checkpointing", "gradient_checkpointing")  # the latter before 5.24
    if name in SFTConfig.__dataclass_fields__
)


def fit_student(
    data: Sequence[Placed],
    base: str | Path,
    out: Path,
    options: StudentOptions | None = None,
    *,
    validation: Sequence[Placed] = (),
    bad: Bad | None = None,
    say: Say | None = None,
) -> Fitted:
    """Finetune a model on conversations (`read_conversations`): `transformers/OUT` is then the
    model, which is asked as it was finetuned. The same call goes on where an earlier one was
    killed; `say` is told how it goes.

    Raises:
        InputError: data, settings, base model or folder are not right.
        MissingError: this machine lacks what is asked for.
        FitError: the loss is no number.
    """
    options = options or student_options()
    fit = _Fit("student", Begin(str(base)), Path(out), options, say)
    texts = {"train": _digest(data), "validation": _digest(validation)}

    def rows(model: Any, tokenizer: Any) -> Made:
        if options.prefix_lm:
            _refuse_windows(model, str(base))
        pauses = fit.pauses(model, tokenizer, options.pauses, prefix_lm=options.prefix_lm)
        takes = _takes(model)
        encode = ConversationEncoder.of(
            str(base),
            tokenizer,
            options.template,
            min(takes, options.max_length or takes),
            pause=pauses.id if pauses else -1,
            pauses=options.pauses,
            prefix_lm=options.prefix_lm,
        )
        train, kept = _encoded(data, encode, bad), _encoded(validation, encode, bad)
        if not kept and options.validation:
            train, kept = _divided(train, options.validation, options.seed)
        if not train:
            raise InputError("there is no conversation to fit to")
        cut = sum(row.cut > 0 for row in (*train, *kept))
        if cut and say is not None:
            say(f"prompts that lose their beginning, for want of room: {cut} (max_length)")
        return Made(Fixed(train), kept, pauses, frozenset({encode.end}))

    return fit(texts, rows, prefix_lm=options.prefix_lm)


def pretrain(
    texts: Sequence[str],
    base: str | Path | Begin,
    out: Path,
    options: PretrainOptions | None = None,
    *,
    validation: Sequence[str] = (),
    say: Say | None = None,
) -> Fitted:
    """Pretrain a model on texts, or go on with it, with pauses inserted at random (2310.02226,
    algorithm 1) or without. `base` is a model, or a `Begin` of a config and a tokenizer. Validation
    texts have no pauses. Otherwise as `fit_student`."""
    options = options or pretrain_options()
    start = base if isinstance(base, Begin) else Begin(str(base))
    fit = _Fit("pretrain", start, Path(out), options, say)
    digests = {"train": _digest(texts), "validation": _digest(validation)}

    def rows(model: Any, tokenizer: Any) -> Made:
        # How many is a share of a row; what follows a prompt is the finetuning's.
        pauses = fit.pauses(model, tokenizer, 0, wanted=options.pauses > 0)
        length = min(options.length, _takes(model))
        train = rows_of_texts(texts, tokenizer, length)
        kept = [_plain(one) for one in rows_of_texts(validation, tokenizer, length)]
        if validation and not kept:
            raise InputError(f"the validation texts are shorter than one row of {length} tokens")
        if not kept and options.validation:
            plain, kept = _divided([_plain(one) for one in train], options.validation, options.seed)
            train = [row.ids for row in plain]
        if not train:
            raise InputError(f"the texts are shorter than one row of {length} tokens (length=)")
        if pauses is None or not options.pauses:
            return Made(Fixed([_plain(one) for one in train]), kept, pauses)
        return Made(Paused(train, pauses.id, options.pauses, options.seed), kept, pauses)

    return fit(digests, rows)


@dataclass(frozen=True, slots=True)
class Made:
    """What a model is fitted to."""

    rows: Rows
    validation: Sequence[Row]
    pauses: PauseConfig | None
    ends: frozenset[int] = frozenset()
    """Tokens that end an answer."""


@dataclass(frozen=True)
class _Fit:
    kind: str
    base: Begin
    folder: Path
    options: StudentOptions | PretrainOptions
    say: Say | None

    def __call__(
        self,
        digests: Mapping[str, str],
        make: Callable[[Any, Any], Made],
        *,
        prefix_lm: bool = False,
    ) -> Fitted:
        sets = {name: digest for name, digest in digests.items() if digest}
        identity = Identity(self.kind, self.base.name, self.options.model_dump(), sets)
        done = result_in(self.folder, identity)
        if done is not None:
            return fitted_in(self.folder, done)
        options, cuda = self.options, cuda_for(self.options.device)
        model, tokenizer = self.base.load(options, cuda=cuda)
        made = make(model, tokenizer)
        best = self._best(made.validation)
        if options.lora:
            model = with_lora(model, "", options, token=made.pauses.id if made.pauses else None)
        collate = Collate(tokenizer.pad_token_id or tokenizer.eos_token_id, prefix_lm=prefix_lm)
        with held(self.folder):
            done = result_in(self.folder, identity)  # another process may have been here meanwhile
            if done is not None:
                return fitted_in(self.folder, done)
            begin(self.folder, identity)
            result = self._run(model, tokenizer, made, best, collate=collate, cuda=cuda)
            self._save(model, tokenizer, made)
            finish(self.folder, result)
            shutil.rmtree(self.folder / checkpoints.CHECKPOINTS, ignore_errors=True)
        return fitted_in(self.folder, result)

    def pauses(
        self,
        model: Any,
        tokenizer: Any,
        count: int,
        *,
        prefix_lm: bool = False,
        wanted: bool = False,
    ) -> PauseConfig | None:
        """The model's pause token: its own, or a new one if pauses are wanted and it has none."""
        known = self.base.pauses
        if known is None and not count and not wanted:
            return None
        token = known.token if known else self.options.pause_token
        id = add_pause_token(model, tokenizer, token)
        return PauseConfig(token, id, count, prefix_lm)

    def _run(
        self,
        model: Any,
        tokenizer: Any,
        data: Made,
        best: Best,
        *,
        collate: Collate,
        cuda: bool,
    ) -> dict[str, Any]:
        rows, validation = data.rows, data.validation
        options, folder = self.options, self.folder
        passes = options.rows or rows_of(options.batch, max(rows.lengths), options.pass_tokens)
        last = checkpoints.last_whole(folder / checkpoints.CHECKPOINTS)
        cut_metrics(folder, checkpoints.step_of(last) if last else -1)
        made = StudentTrainer(
            model, tokenizer, rows, options, passes=passes, collate=collate,
            arguments=trainer.arguments(
                options, folder, rows=passes, measured=bool(validation), best=best, cuda=cuda,
                kind=SFTConfig, dataset_kwargs={"skip_prepare_dataset": True}, max_length=None,
                **{CHECKPOINTING: options.gradient_checkpointing},
            ),
            measure=Loss(model, validation, options.pass_tokens, collate) if validation else None,
            callbacks=[
                Journal(folder, self.say), trainer.Care(), *trainer.stopping(options, best),
            ],
        )  # fmt: skip
        made.go(last)
        steps = made.state.global_step
        kept = steps if best in ("last", "after") else made.state.best_global_step
        return {"steps": steps, "best_step": kept, "examples": len(rows.lengths)}

    def _best(self, validation: Sequence[Row]) -> Best:
        best = self.options.best or ("loss" if validation else "last")
        if best != "last" and not validation:
            raise InputError(f"setting best={best} needs validation data")
        return best

    def _save(self, model: Any, tokenizer: Any, made: Made) -> None:
        inner = model.get_base_model() if hasattr(model, "get_base_model") else model
        held = inner.generation_config
        ends = held.eos_token_id
        known = [] if ends is None else ends if isinstance(ends, list) else [ends]
        if missing := made.ends - set(known):
            held.eos_token_id = [*sorted(missing), *known]
        if made.pauses is not None:
            held.suppress_tokens = sorted({*(held.suppress_tokens or ()), made.pauses.id})
        held._from_model_config = False  # or generate() may make it anew from the config
        building.save_language_model(model, tokenizer, self.folder)
        if made.pauses is not None:
            write_pauses(self.folder, made.pauses)
        forget(str(self.folder))


@dataclass(frozen=True)
class Loss:
    """The mean loss of a token on validation data."""

    model: Any
    rows: Sequence[Row]
    pass_tokens: int
    collate: Collate

    @torch.inference_mode()
    def __call__(self) -> Mapping[str, float]:
        """See `trainer.Measure`."""
        self.model.eval()
        device = next(self.model.parameters()).device
        total, count = 0.0, 0
        for some in in_passes([len(row.ids) for row in self.rows], self.pass_tokens):
            batch = self.collate([self.rows[index] for index in some])
            held = {name: one.to(device) for name, one in batch.items() if name != "where"}
            loss, tokens = token_loss(self.model, held)
            total, count = total + float(loss), count + tokens
        return {"loss": mean_loss(total, count)}


def _encoded(data: Iterable[Placed], encode: ConversationEncoder, bad: Bad | None) -> list[Row]:
    bad = bad or Bad()
    rows: list[Row] = []
    for turns, where in data:
        try:
            rows.append(encode(turns, where))
        except Unfit as unfit:
            bad.row(where or "a conversation", unfit.reason, unfit.detail)
    return rows


def _takes(model: Any) -> int:
    """Tokens that it reads at most."""
    return limit_of(model.config.get_text_config(decoder=True))


def _refuse_windows(model: Any, name: str) -> None:
    kinds = Masks.of(model.config.get_text_config(decoder=True), name, model.dtype).kinds
    if kinds != {FULL}:
        raise InputError(f"model {name}: prefix_lm needs layers that see all, not sliding windows")


def _plain(ids: Sequence[int]) -> Row:
    return Row(tuple(ids), tuple(ids))


def _divided(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Rows to fit to, and a share of them to validate on; equal ones are never divided."""
    names = [" ".join(map(str, row.ids)) for row in rows]
    if len(set(names)) < 2:
        raise InputError("one row cannot be split for validation (validation=0)")
    kept = drawn(list(dict.fromkeys(names)), share, seed)
    pairs = list(zip(names, rows, strict=True))
    return [row for name, row in pairs if name not in kept], [
        r for name, r in pairs if name in kept
    ]


def _digest(data: Sequence[Any]) -> str:
    found = hashlib.sha256()
    for one in data:
        content = one if isinstance(one, str) else [[t.role, t.content, t.input] for t in one[0]]
        found.update(json.dumps(content).encode())
    return found.hexdigest()[:16] if data else ""
