"""`ponder`: the verbs, and how every error becomes one line and an exit code."""

import sys
import warnings
from io import TextIOWrapper

import typer

from ..errors import PonderError
from . import (
    diversity,
    doctor,
    eval,
    flops,
    grade,
    label,
    models,
    recycle,
    report,
    sandbox,
    score,
    solve,
    sweep,
    train,
    train_revision,
    train_student,
)

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

app = typer.Typer(
    name="ponder",
    help="Language models that plan, search, verify and revise before they answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("solve")(solve.solve)
app.command("eval")(eval.evaluate)
app.command("grade")(grade.grade)
app.command("score")(score.score)
app.command("recycle")(recycle.recycle)
app.command("diversity")(diversity.diversity)
app.command("report")(report.report)
app.command("sweep")(sweep.sweep)
app.command("policy")(sweep.policy)
app.command("flops")(flops.flops)
app.command("doctor")(doctor.doctor)
app.add_typer(label.app, name="label")
app.add_typer(models.app, name="models")
app.add_typer(sandbox.app, name="sandbox")
train.app.command("revision")(train_revision.revision)
train.app.command("student")(train_student.student)
train.app.command("pretrain")(train_student.pretrain)
app.add_typer(train.app, name="train")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 solved or done, 1 not solved, 2 wrong input, 3 something
    missing on this machine, 130 interrupted."""
    # What a model wrote may hold halves of surrogate pairs, which no encoding takes.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.formatwarning = lambda message, *_, **__: f"ponder: {message}\n"
    try:
        code = app(args=arguments, standalone_mode=False)
    except typer.TyperException as error:
        message = error.format_message()
        code = _fail(message, 2) if message else 0  # empty where the help has been shown instead
    except PonderError as error:
        code = _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # Whoever read our output has gone; a second error at exit would only be noise.
        sys.stdout = None
        code = 0
    if code == INTERRUPTED:
        _fail("interrupted; the same command goes on from there (ponder solve: with --store)", code)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"ponder: {line}", file=sys.stderr)
    return code
