"""`ponder label`: solutions with labels, to fit reward models to."""

import typer

from . import label_rollouts

app = typer.Typer(help="Solutions with labels, to fit reward models to.", no_args_is_help=True)
app.command("rollouts")(label_rollouts.rollouts)


@app.callback()
def group() -> None:
    """Solutions with labels, to fit reward models to."""
