"""Several runs of one data set, side by side: every graph with every model, each in its folder."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import InputError
from ..sandboxes import connect as connect_sandbox
from .folder import STORE, About, RunFolder
from .runner import Arm
from .spec import Spec


@contextmanager
def held(
    specs: Sequence[Spec], folder: Path, dataset: str, data: Path | None = None
) -> Iterator[list[RunFolder]]:
    """A folder `folder/NAME` for each spec, ours alone for the length of the block.

    Raises:
        InputError: a graph or option that there is not, two runs of one name, or a folder that
            cannot be gone on with.
    """
    names = [name_of(spec) for spec in specs]
    for spec, name in zip(specs, names, strict=True):
        spec.build()
        if names.count(name) > 1:
            raise InputError(f"{name} is asked for twice")
    with ExitStack() as stack:
        folders: list[RunFolder] = []
        for spec, name in zip(specs, names, strict=True):
            about = About(name, dataset, spec, None if data is None else str(data))
            folders.append(RunFolder(folder / name, about))
            stack.callback(folders[-1].close)
        yield folders


@contextmanager
def connected(folders: Sequence[RunFolder]) -> Iterator[list[Arm]]:
    """An arm for each folder, for the length of the block. They share a sandbox, and the models
    that go by the same name.

    Raises:
        InputError: there is no such model, verifier or sandbox.
        MissingError: weights, a key or an engine this machine lacks.
        StoreError: a folder's store cannot be opened.
    """
    with ExitStack() as stack:
        box = connect_sandbox(folders[0].about.spec.sandbox)
        arms: list[Arm] = []
        for folder in folders:
            spec = folder.about.spec
            context = stack.enter_context(spec.connect(folder.path / STORE, box))
            arms.append(Arm(folder, spec.build(), context))
        yield arms


async def start(arms: Sequence[Arm]) -> None:
    """Make sure that every model can be asked, before anything is paid for.

    Raises:
        InputError, MissingError: as `Context.start`.
    """
    await asyncio.gather(*(arm.context.start(programs=False) for arm in arms))


def name_of(spec: Spec) -> str:
    """What a run is called, in tables and as a folder: GRAPH@MODEL."""
    graph = spec.graph if spec.profile == "fast" else f"{spec.graph}-{spec.profile}"
    model = spec.model.rstrip("/").rpartition("/")[2].removesuffix(".gguf")
    return f"{graph}@{re.sub(r'[^A-Za-z0-9_.+-]+', '_', model)}"
