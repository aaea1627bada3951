"""`ponder report`: the page, and what is wrong with what it was given, in one line."""

import json
import sys
from pathlib import Path

import pytest

from ponder.evals.folder import About, RunFolder
from ponder.evals.spec import Spec
from tests.cli.conftest import Ponder
from tests.support.results import result


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = RunFolder(tmp_path / "run", About("arm", "set", Spec()))
    folder.add(result("t/1", [True, False], solved=True))
    folder.close()
    return tmp_path / "run"


def test_a_report_is_written_and_named(ponder: Ponder, run: Path, tmp_path: Path) -> None:
    done = ponder("report", run, "--out", tmp_path / "page.html")

    assert done.code == 0
    assert "page.html: arm, 0." in done.out
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_wrong_input_is_one_line(ponder: Ponder, run: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "run.json").write_text(json.dumps({"schema": 99}))
    empty = tmp_path / "empty"
    RunFolder(empty, About("e", "set", Spec())).close()

    for arguments, words in (
        ((tmp_path / "absent",), "no run's folder"),
        ((newer,), "of schema 99: update ponder"),
        ((empty,), "has no results yet"),
        ((run, "--out", tmp_path), "--out"),
        ((run, "--thoughts", "some"), "is not one of all, chosen, none"),
    ):
        done = ponder("report", *arguments)

        assert done.code == 2
        assert words in done.err
        assert done.err.count("\n") == 1


def test_plots_without_matplotlib_say_how_to_get_it(
    ponder: Ponder, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    done = ponder("report", run, "--out", tmp_path / "p.html", "--plots", tmp_path / "plots")

    assert done.code == 3
    assert "pip install 'ponder[report]'" in done.err
