"""`ponder label`: solutions with labels, to fit reward models to."""

import typer

from . import label_convert, label_prm800k, label_synthetic

app = typer.Typer(help="Solutions with labels, to fit reward models to.", no_args_is_help=True)
app.command("prm800k")(label_prm800k.prm800k)
app.command("synthetic")(label_synthetic.synthetic)
app.command("convert")(label_convert.convert)


@app.callback()
def group() -> None:
    """Solutions with labels, to fit reward models to."""
