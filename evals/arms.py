"""Several runs of one data set, side by side: every graph with every model, each in its folder."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import InputError
from ..sandboxes import Sandbox, connect
from .attempt import Make, samples_of
from .folder import STORE, About, Rows, RunFolder
from .names import name_of
from .runner import Arm
from .spec import Spec


@contextmanager
def held(
    specs: Sequence[Spec],
    folder: Path,
    dataset: str,
    data: Path | None = None,
    names: Sequence[str] | None = None,
) -> Iterator[list[RunFolder]]:
    """A folder `folder/NAME` for each spec, ours alone for the length of the block. `names` are
    theirs, where graph and model are not enough to tell them apart.

    Raises:
        InputError: a graph or option that there is not, two runs of one name, or a folder that
            cannot be gone on with.
    """
    called = [name_of(spec) for spec in specs] if names is None else names
    for spec, name in zip(specs, called, strict=True):
        spec.build()
        if called.count(name) > 1:
            raise InputError(f"{name} is asked for twice")
    with ExitStack() as stack:
        folders: list[RunFolder] = []
        for spec, name in zip(specs, called, strict=True):
            about = About(name, dataset, spec, None if data is None else str(data))
            folders.append(RunFolder(folder / name, about))
            stack.callback(folders[-1].close)
        yield folders


@contextmanager
def connected(
    folders: Sequence[RunFolder], sandbox: Sandbox, make: Make = samples_of
) -> Iterator[list[Arm]]:
    """An arm for each folder, for the length of the block. They share the sandbox, and the models
    that go by the same name; `make` says what is made of each search.

    Raises:
        InputError: there is no such model, verifier or sandbox.
        MissingError: weights, a key or an engine this machine lacks.
        StoreError: a folder's store cannot be opened.
    """
    with ExitStack() as stack:
        arms: list[Arm] = []
        for folder in folders:
            spec = folder.about.spec
            context = stack.enter_context(spec.connect(folder.path / STORE, sandbox))
            arms.append(Arm(folder, spec.build(), context, make))
        yield arms


@contextmanager
def opened(about: About, path: Path, rows: Rows, make: Make) -> Iterator[Arm]:
    """One arm alone, in that folder, ours for the length of the block; `rows` is the file that
    `make` fills.

    Raises:
        InputError: an option that there is not, a folder that cannot be gone on with, no such
            model.
        MissingError: weights or a key this machine lacks.
        StoreError: the folder's store cannot be opened.
    """
    about.spec.build()
    sandbox = connect(about.spec.sandbox)
    about.spec.check(sandbox)
    folder = RunFolder(path, about, rows)
    try:
        with connected([folder], sandbox, make) as arms:
            yield arms[0]
    finally:
        folder.close()


async def start(arms: Sequence[Arm]) -> None:
    """Make sure that every model can be asked, before anything is paid for.

    Raises:
        InputError, MissingError: as `Context.start`.
    """
    await asyncio.gather(*(arm.context.start(programs=False) for arm in arms))
