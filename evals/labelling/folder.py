"""The folder that labels are written to, which is that of a run (evals/folder.py) but for one file.

labels.jsonl     one line a solution, as ponder.training reads it; all of a question's at once
run.json, results.jsonl, store.sqlite    as an evaluation has them: a line a question
"""

from contextlib import AbstractContextManager
from pathlib import Path

from .. import arms
from ..folder import About, Rows
from ..names import name_of
from ..runner import Arm
from ..spec import Spec
from .labeller import Labeller

LABELS = "labels.jsonl"
ROWS = Rows(LABELS, "id")


def opened(
    spec: Spec, labeller: Labeller, path: Path, dataset: str, data: Path | None = None
) -> AbstractContextManager[Arm]:
    """What questions are put through, with its folder; raises as `arms.opened`."""
    about = About(name_of(spec), dataset, spec, None if data is None else str(data))
    return arms.opened(about, path, ROWS, labeller)
