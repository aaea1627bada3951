"""The folder that labels are written to, which is that of a run (evals/folder.py) but for one file.

labels.jsonl     one line a solution, as ponder.training reads it; all of a question's at once
run.json, results.jsonl, store.sqlite    as an evaluation has them: a line a question
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..arms import connected
from ..folder import About, Rows, RunFolder
from ..names import name_of
from ..runner import Arm
from ..spec import Spec
from .labeller import Labeller

LABELS = "labels.jsonl"
ROWS = Rows(LABELS, "id")


@contextmanager
def opened(
    spec: Spec, labeller: Labeller, path: Path, dataset: str, data: Path | None = None
) -> Iterator[Arm]:
    """What questions are put through, with its folder, ours alone for the length of the block.

    Raises:
        InputError: an option that there is not, a folder that cannot be gone on with, no such
            model.
        MissingError: weights or a key this machine lacks.
        StoreError: the folder's store cannot be opened.
    """
    from ...sandboxes import connect

    spec.build()
    spec.check(connect(spec.sandbox))
    about = About(name_of(spec), dataset, spec, None if data is None else str(data))
    folder = RunFolder(path, about, ROWS)
    try:
        with connected([folder], connect(spec.sandbox), labeller) as arms:
            yield arms[0]
    finally:
        folder.close()
