"""`ponder train student` and `ponder train pretrain`: language models, with pauses or without."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..training import Bad, read_conversations, read_texts
from ..training.student.options import pretrain_options, student_options
from .train import Base, Lora, Out, Seed, Setting, SkipBad, refuse_none, run, say, settings_of

if TYPE_CHECKING:
    from ..training import Fitted

InstructionFile = Annotated[
    Path, typer.Argument(metavar="DATA", help="Alpaca's rows, or conversations (messages).")
]
Held = Annotated[
    Path | None, typer.Option(help="Rows to validate on; a share of DATA's if not given.")
]
TextFile = Annotated[
    Path, typer.Argument(metavar="TEXTS", help='A .txt, or rows with a "text": .jsonl, .parquet.')
]


def student(
    data: InstructionFile,
    base: Base,
    out: Out,
    validation: Held = None,
    profile: Annotated[
        str, typer.Option(help="paper-7b or paper-13b (2402.10110), or small (ours).")
    ] = "paper-7b",
    pauses: Annotated[
        int, typer.Option(min=0, help="Pause tokens between prompt and answer (2310.02226).")
    ] = 0,
    option: Setting = None,
    lora: Lora = False,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
) -> int:
    """Finetune a model on instruction data, as ponder recycle leaves them. Then
    `--model transformers/OUT` asks it; with pauses it waits for them before it answers.

    The same command goes on where an earlier one was stopped. docs/student.md has the settings;
    docs/pauses.md says what pauses are.
    """
    given = settings_of(option, lora, seed)
    if "pauses" in given:
        raise InputError("setting pauses: say --pauses instead")
    options = student_options(profile, **given, pauses=pauses)
    bad = Bad(skip_bad)
    rows = list(read_conversations(data, bad))
    kept = list(read_conversations(validation, bad)) if validation else []
    refuse_none(rows, data)
    if validation:
        refuse_none(kept, validation)

    def fit() -> "Fitted":
        from ..training import fit_student

        return fit_student(rows, base, out, options, validation=kept, bad=bad, say=say)

    return run(fit, bad, out, f"model                transformers/{out}", what="conversations")


def pretrain(
    texts: TextFile,
    out: Out,
    base: Annotated[
        str | None,
        typer.Option(help="The model to go on with: a folder, .gguf, or an id on the hub."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Of a model that begins at random: a config.json.")
    ] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Its tokenizer's folder, where --config is given.")
    ] = None,
    validation: Annotated[Path | None, typer.Option(help="Texts to validate on.")] = None,
    pauses: Annotated[
        float, typer.Option(min=0, help="Pauses at random places, as a share (2310.02226: 0.1).")
    ] = 0.0,
    option: Setting = None,
    lora: Lora = False,
    skip_bad: SkipBad = False,
    seed: Seed = 0,
) -> int:
    """Pretrain a model on texts, or go on with one, with pauses inserted at random or without.

    Texts are put end to end and cut into rows (-o length=2048). Pauses are drawn anew in every
    epoch, and never learnt to be said.
    """
    given = settings_of(option, lora, seed)
    if "pauses" in given:
        raise InputError("setting pauses: say --pauses instead")
    options = pretrain_options(**given, pauses=pauses)
    bad = Bad(skip_bad)
    held = list(read_texts(texts, bad))
    kept = list(read_texts(validation, bad)) if validation else []
    refuse_none(held, texts)

    def fit() -> "Fitted":
        from ..training import Begin
        from ..training import pretrain as fit

        begun = Begin(base or "", config, tokenizer)
        return fit(held, begun, out, options, validation=kept, say=say)

    return run(fit, bad, out, f"model                transformers/{out}", what="rows of texts")
