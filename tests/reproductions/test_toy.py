"""Each reproduction from end to end, at a size that shows nothing but that it runs."""

from pathlib import Path

import pytest

from reproductions import compute_optimal, pause_tokens, verify_step_by_step

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def test_verify_step_by_step_runs(folder: Path, tmp_path: Path) -> None:
    results = verify_step_by_step.run(verify_step_by_step.TOY, folder, tmp_path)

    report = (tmp_path / "verify-step-by-step.md").read_text()
    assert report.index("What this is not") < report.index("## 1.")
    assert results.efficiency is not None
    assert len(list(tmp_path.glob("*.svg"))) == len(list(tmp_path.glob("*.png"))) == 4


def test_compute_optimal_runs(folder: Path, tmp_path: Path) -> None:
    results = compute_optimal.run(compute_optimal.TOY, folder, tmp_path)

    report = (tmp_path / "compute-optimal.md").read_text()
    assert report.index("What this is not") < report.index("## Strategies")
    assert results.nothing is not None
    assert len(list(tmp_path.glob("*.svg"))) == len(list(tmp_path.glob("*.png"))) == 2


def test_pause_tokens_runs(tmp_path: Path) -> None:
    trials = pause_tokens.run([pause_tokens.TOY], 1, tmp_path / "trials", tmp_path)
    again = pause_tokens.run([pause_tokens.TOY], 1, tmp_path / "trials", tmp_path)

    report = (tmp_path / "pause-tokens.md").read_text()
    assert report.index("What this is not") < report.index("## The four-way table")
    assert trials == again
    assert len(trials) == 16
    assert len(list(tmp_path.glob("*.svg"))) == len(list(tmp_path.glob("*.png"))) == 1
