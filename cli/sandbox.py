"""`ponder sandbox`: the image that programs run in."""

from typing import Annotated

import typer

app = typer.Typer(help="The sandbox that programs run in.")


@app.callback()
def sandbox() -> None:
    """The sandbox that programs run in."""


@app.command("build")
def build_image(
    base: Annotated[
        str | None,
        typer.Option(help="Any image with Python, such as python:3.12-slim; Debian's if left out."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build it again.")] = False,
) -> None:
    """Build the sandbox image. Without --base it is made from Debian packages (needs root)."""
    from ..sandboxes.image import build

    build(base, force=force)
