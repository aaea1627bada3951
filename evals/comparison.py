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
def opened(
    specs: Sequence[Spec], folder: Path, dataset: str, data: Path | None = None
) -> Iterator[list[Arm]]:
    """An arm for each spec, in the folder `folder/NAME`, for the length of the block. They share a
    sandbox, and the models that go by the same name.

    Raises:
        InputError: a graph, model or option that there is not, two runs of one name, or a folder
            that cannot be gone on with.
        MissingError: weights, a key or an engine this machine lacks.
    """
    graphs = [spec.build() for spec in specs]
    names = [name_of(spec) for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is asked for twice")
    with ExitStack() as stack:
        arms: list[Arm] = []
        box = connect_sandbox(specs[0].sandbox)
        for spec, graph, name in zip(specs, graphs, names, strict=True):
            about = About(name, dataset, spec, None if data is None else str(data))
            spec.connect(sandbox=box)  # what cannot be connected leaves no folder behind
            run = RunFolder(folder / name, about)
            stack.callback(run.close)
            context = stack.enter_context(spec.connect(folder / name / STORE, box))
            arms.append(Arm(run, graph, context))
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
