"""The folder that pairs are recycled into, which is that of a run (evals/folder.py) but for two
files.

recycled.jsonl   one line a pair, as soon as it is done: what is kept, whether it survives, and why
data.jsonl       the survivors, in the layout and order of the data; written anew at each end
                 (data.json, a list, where the data are one)
run.json, results.jsonl, store.sqlite    as an evaluation has them: a line a pair
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..arms import connected
from ..folder import About, Rows, RunFolder
from ..names import name_of
from ..runner import Arm
from ..spec import Spec
from .recycler import recycle

RECYCLED = "recycled.jsonl"
ROWS = Rows(RECYCLED, "id")


def survivors(folder: Path, data: Path) -> Path:
    """The file in the folder that the survivors of those data are written to."""
    return folder / ("data.json" if data.suffix == ".json" else "data.jsonl")


@contextmanager
def opened(spec: Spec, path: Path, data: Path) -> Iterator[Arm]:
    """What pairs are put through, with its folder, ours alone for the length of the block.

    Raises:
        InputError: an option that there is not, a folder that cannot be gone on with, no such
            model.
        MissingError: weights or a key this machine lacks.
        StoreError: the folder's store cannot be opened.
    """
    from ...sandboxes import connect

    spec.build()
    spec.check(connect(spec.sandbox))
    folder = RunFolder(path, About(name_of(spec), data.name, spec, str(data)), ROWS)
    try:
        with connected([folder], connect(spec.sandbox), recycle) as arms:
            yield arms[0]
    finally:
        folder.close()
