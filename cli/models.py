"""`ponder models`: the local models and their weights."""

from typing import Annotated

import typer

app = typer.Typer(help="Local models: which there are, and getting their weights.")


@app.command("list")
def list_models() -> None:
    """Which embedded models there are, and whether their weights are here."""
    from ..models.weights import KNOWN, state

    for weights in KNOWN.values():
        size = f"{weights.bytes / 1e6:,.0f} MB"
        print(f"embedded/{weights.name:<20} {size:>9}  {state(weights)}")


@app.command("pull")
def pull_models(
    names: Annotated[list[str], typer.Argument(help="As in embedded/qwen2.5-coder-1.5b.")],
) -> None:
    """Get the weights of one or more models, and prove that they are right."""
    from ..models.weights import known, pull

    for weights in [known(name) for name in names]:
        pull(weights)
