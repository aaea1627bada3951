"""Plots of a report as files."""

import re
from pathlib import Path

import pytest

from ponder.errors import InputError
from ponder.evals.folder import About, RunFolder
from ponder.evals.report import sources
from ponder.evals.report.plots import write_plots
from ponder.evals.spec import Spec
from tests.support.results import result


def run(folder: Path, name: str, votes: bool = False) -> Path:
    rows = RunFolder(folder / name, About(name, "set", Spec()))
    ways = {"majority": {1: "s1", 2: "s1"}} if votes else {}
    for number in range(4):
        grades = [number % 2 == 0, True, False]
        rows.add(result(f"t/{number}", grades, solved=True, selections=ways))
    rows.close()
    return folder / name


def test_each_plot_comes_as_png_and_svg_with_its_text(tmp_path: Path) -> None:
    found = sources([run(tmp_path, "plan search", votes=True), run(tmp_path, "<b>$sampling")])

    written = write_plots(found, tmp_path / "plots")

    names = ["pass_at_k", "accuracy_by_tokens", "votes", "budget"]
    assert [path.name for path in written] == [f"{n}.{k}" for n in names for k in ("png", "svg")]
    assert written[0].read_bytes().startswith(b"\x89PNG")
    svg = written[1].read_text()
    assert "plan search" in svg
    assert "&lt;b&gt;$sampling" in svg
    assert not re.search(r"<b>|<script", svg)


def test_the_same_run_makes_the_same_files(tmp_path: Path) -> None:
    found = sources([run(tmp_path, "arm")])

    first = [path.read_bytes() for path in write_plots(found, tmp_path / "a")]
    second = [path.read_bytes() for path in write_plots(found, tmp_path / "b")]

    assert first == second


def test_a_plot_without_numbers_is_not_made(tmp_path: Path) -> None:
    written = write_plots(sources([run(tmp_path, "arm")]), tmp_path / "plots")

    assert not any(path.stem == "votes" for path in written)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InputError, match="--plots"):
        write_plots(sources([run(tmp_path, "arm")]), tmp_path / "file")
