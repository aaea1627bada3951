"""The folder that pairs are recycled into, which is that of a run (evals/folder.py) but for two
files.

recycled.jsonl   one line a pair, as soon as it is done: what is kept, whether it survives, and why
data.jsonl       the survivors, in the layout and order of the data; written anew at each end
                 (data.json, a list, where the data are one)
run.json, results.jsonl, store.sqlite    as an evaluation has them: a line a pair
"""

from contextlib import AbstractContextManager
from pathlib import Path

from ...errors import InputError
from .. import arms
from ..folder import About, Rows
from ..names import name_of
from ..runner import Arm
from ..spec import Spec
from .recycler import recycle

RECYCLED = "recycled.jsonl"
ROWS = Rows(RECYCLED, "id")


def survivors(folder: Path, data: Path) -> Path:
    """The file in the folder that the survivors of those data are written to."""
    return folder / ("data.json" if data.suffix == ".json" else "data.jsonl")


def opened(spec: Spec, path: Path, data: Path) -> AbstractContextManager[Arm]:
    """What pairs are put through, with its folder; raises as `arms.opened`, and

    Raises:
        InputError: the survivors would be written over the data.
    """
    into = survivors(path, data)
    if into.exists() and data.exists() and into.samefile(data):
        raise InputError(f"{data}: is what comes of --out {path}; name another folder")
    return arms.opened(About(name_of(spec), data.name, spec, str(data)), path, ROWS, recycle)
