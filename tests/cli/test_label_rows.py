"""`ponder label prm800k` and `convert`: from published rows to examples, and on to TRL."""

import json
import os
from pathlib import Path

import pytest

from ponder.training import read_examples
from tests.cli.conftest import Ponder
from tests.support.prm800k import PHASE_1, PHASE_2, row, step, write


def test_prm800k_becomes_labelled_solutions(ponder: Ponder, tmp_path: Path) -> None:
    file = write(tmp_path, PHASE_1, PHASE_2, row(step("+a"), reason="give_up"))
    out = tmp_path / "new" / "labels.jsonl"

    said = ponder("label", "prm800k", file, "--out", out)

    lines = said.out.splitlines()
    assert lines[0] == "3 rows, 6 solutions, labels: 4 negative, 4 neutral, 1 null, 10 positive"
    assert lines[1] == "left out 1 rows: unfinished (give_up)"
    graded = [example.correct for example in read_examples(out)]
    assert graded == [None, None, False, False, True, False]


def test_classes_become_trl_s_rows_by_a_rule_that_is_given(ponder: Ponder, tmp_path: Path) -> None:
    file, out, trl = write(tmp_path, PHASE_1), tmp_path / "l.jsonl", tmp_path / "t.jsonl"
    ponder("label", "prm800k", file, "--out", out, "--no-grade")

    refused = ponder("label", "convert", out, "--to", "trl", "--out", trl)
    assert (refused.code, trl.exists()) == (2, False)
    assert "l.jsonl line 2: labels are classes" in refused.err

    said = ponder("label", "convert", out, "--to", "trl", "--out", trl, "--neutral", "positive")
    assert "of 4 rows: neutral has become positive" in said.out
    rows = [json.loads(line) for line in trl.read_text().splitlines()]
    assert rows[0]["labels"] == [True, False]
    assert rows[-1]["labels"] == [True, True, True, True]


def test_a_bad_row_is_told_with_file_and_line(ponder: Ponder, tmp_path: Path) -> None:
    file, out = write(tmp_path, PHASE_2, row(step("+a", chosen=3))), tmp_path / "l.jsonl"

    refused = ponder("label", "prm800k", file, "--out", out)
    assert refused.code == 2
    assert f"{file} line 2: no labelled solution: " in refused.err

    said = ponder("label", "prm800k", file, "--out", out, "--skip-bad")
    assert said.code == 0
    assert "left out 1 row: no labelled solution" in said.out


@pytest.mark.parametrize("out", [".", "/", "in.jsonl/out", "a" * 300, "pipe"])
def test_what_cannot_be_written_is_one_line_and_stays_what_it_is(
    ponder: Ponder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text('{"prompt": "p", "completions": ["a"], "labels": [1]}\n')
    os.mkfifo("pipe")

    said = ponder("label", "convert", "in.jsonl", "--to", "trl", "--out", out)

    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.jsonl", "pipe"]
    assert Path("pipe").is_fifo()


def test_a_link_stays_one(ponder: Ponder, tmp_path: Path) -> None:
    file, link, out = (tmp_path / name for name in ("in.jsonl", "link", "out.jsonl"))
    file.write_text('{"prompt": "p", "completions": ["a"], "labels": [1]}\n')
    link.symlink_to(out)

    ponder("label", "convert", file, "--to", "trl", "--out", link)

    assert link.is_symlink()
    assert out.read_text().count("\n") == 1


def test_what_is_no_solution_has_no_outcome(ponder: Ponder, tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"verified": true}\n[1]\n{"prompt": "p", "completions": ["a"]}\n')

    said = ponder(
        "label", "convert", file, "--to", "outcome", "--out", tmp_path / "o.jsonl", "--skip-bad"
    )

    assert said.code == 0
    assert said.out.splitlines()[0] == "0 rows"
    assert said.out.count("left out 1 row: ") == 3


@pytest.mark.parametrize("verb", [("convert", "--to", "trl"), ("prm800k",)])
def test_what_is_read_is_not_written_over(
    ponder: Ponder, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    file, link = write(tmp_path, PHASE_1), tmp_path / "link.jsonl"
    link.symlink_to(file)
    before = file.read_bytes()

    said = ponder("label", *verb, file, "--out", link)

    assert said.code == 2
    assert "link.jsonl is the file that is read; name another" in said.err
    assert file.read_bytes() == before
