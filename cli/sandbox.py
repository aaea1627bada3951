"""`ponder sandbox`: the image that programs run in, and what it withstands."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError

if TYPE_CHECKING:
    from ..sandboxes import Sandbox

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
    packages: Annotated[
        str | None,
        typer.Option(help="Libraries on PyPI that programs may import, as in numpy,pandas>=2."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Build it again, with just what is asked now.")
    ] = False,
) -> None:
    """Build the sandbox image. Without --base it is made from Debian packages (needs root).

    One that is there is kept, unless it was built with other packages than are asked for now.
    """
    from ..sandboxes.image import build

    build(base, packages=packages, force=force)


@app.command("attack")
def attack(
    sandbox: Annotated[
        str, typer.Option(help="As for solve: docker:runtime=runsc, bubblewrap, …")
    ] = "auto",
    only: Annotated[str, typer.Option(help="Only attacks with this in their names.")] = "",
) -> int:
    """Try every attack we know on a sandbox, each between two honest programs.

    Exit codes: 0 none wins, 1 one does.
    """
    from ..sandboxes import connect

    given = connect(sandbox)
    if not given.is_boundary:
        given.close()
        raise InputError(f"{sandbox} keeps nothing in: the attacks would run on this machine")
    given.close()
    alone = connect(f"{sandbox}{',' if ':' in sandbox else ':'}workers=1")
    try:
        return asyncio.run(_attack(alone, only))
    finally:
        alone.close()


async def _attack(sandbox: "Sandbox", only: str) -> int:
    from ..sandboxes.attacks import ATTACKS, try_attack

    await sandbox.start()
    attacks = [one for one in ATTACKS if only in one.name and not one.already_out]
    won = 0
    for one in attacks:
        trial = await try_attack(sandbox, one)
        won += bool(trial.won)
        mark, what = ("WON ", trial.won) if trial.won else ("held", trial.said)
        print(f"{mark}  {trial.seconds:5.2f} s  {one.name}: {what}")
    print(f"{sandbox.name}: {won} of {len(attacks)} attacks win")
    return 1 if won else 0
