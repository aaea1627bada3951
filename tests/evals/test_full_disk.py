"""A disk that is full while results are appended."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ponder.errors import StoreError
from ponder.evals.folder import About, RunFolder
from ponder.evals.results import Result
from ponder.evals.scoring.file import ScoreFile
from ponder.evals.spec import Spec
from ponder.training import Example

ABOUT = About("a", "none", Spec(model="scripted"))


@contextmanager
def no_room() -> Iterator[None]:
    """No file may grow beyond 4000 bytes; not the one pytest's own output goes to either."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_one_line_and_what_was_done_before_is_kept(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", ABOUT)

    with no_room():
        with pytest.raises(StoreError, match="File too large; what is done is kept"):
            for number in range(100):
                folder.add(Result(f"t{number}"))
        folder.close()
    again = RunFolder(tmp_path / "run", ABOUT)

    assert again.done == folder.done != set()
    again.close()


def test_scores_that_find_no_room_are_told_in_one_line_too(tmp_path: Path) -> None:
    path, by = tmp_path / "scored.jsonl", {"verifier": "none"}
    examples = [Example("p", (f"step {number}",)) for number in range(100)]

    with ScoreFile(path, by, ("score",)) as file, no_room():
        with pytest.raises(StoreError, match="File too large; what is done is kept"):
            for one in examples:
                file.add(one, {"prompt": "p", "completions": list(one.steps)}, {"score": 1.0})
                file.flush()
        file.__exit__()

    with ScoreFile(path, by, ("score",)) as again:
        assert 0 < again.held < 100
