"""What is made of a folder's rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from ponder.errors import InputError
from ponder.evals.recycling import RecycleSummary, conclude
from ponder.evals.recycling.recycler import outcome
from ponder.training.instructions import read_instructions
from tests.support.recycling import rows, written


def done(id: str, **row: Any) -> dict[str, Any]:
    """A row as the recycler leaves it."""
    pair = {"instruction": f"about {id}", "input": "", "output": "So."}
    told = {"survives": True, "ifd": 0.5, "choices": {}, "pairs": {"original": {"ifd": 0.4}}}
    return {"id": id, **pair, **told, **row}


def concluded(folder: Path, recycled: list[Any], **more: Any) -> tuple[RecycleSummary, list[Any]]:
    written(folder / "recycled.jsonl", recycled)
    data = list(read_instructions(written(folder / "in.jsonl", rows(4))))
    summary = conclude(folder, data, into := folder / "data.jsonl", **more)
    return summary, [json.loads(line) for line in into.read_text().splitlines()]


def ids(folder: Path) -> list[str]:
    return [one.task.id for one in read_instructions(written(folder / "in.jsonl", rows(4)))]


def test_survivors_are_in_the_order_of_the_data_and_what_is_missing_is_said(tmp_path: Path) -> None:
    a, b, c, _ = ids(tmp_path)

    summary, data = concluded(tmp_path, [done(c), done(a), done(b, survives=False), done("other")])

    assert [row["instruction"] for row in data] == [f"about {a}", f"about {c}"]
    assert (summary.pairs, summary.survivors, summary.undone) == (3, 2, 1)
    assert list(summary.ifd) == pytest.approx([0.4, 0.5])
    assert "not done       1: the same command goes on" in summary.lines()


def test_the_share_is_of_those_below_1(tmp_path: Path) -> None:
    a, b, c, d = ids(tmp_path)
    scores = {a: 0.9, b: 1.5, c: 0.3, d: None}

    summary, data = concluded(tmp_path, [done(id, ifd=scores[id]) for id in scores], percent=50)

    assert [row["instruction"] for row in data] == [f"about {a}"]
    assert (summary.survivors, summary.written) == (4, 1)


@pytest.mark.parametrize("row", [{"id": "a"}, [1], {**done("a"), "pairs": None}])
def test_a_row_that_was_edited_is_named(tmp_path: Path, row: Any) -> None:
    with pytest.raises(InputError, match=r"recycled\.jsonl line 1: no row of a pair"):
        concluded(tmp_path, [row])


@pytest.mark.parametrize(
    ("choice", "came"),
    [
        ("instruction: IFD 0.8 > 0.5", "new"),
        ("instruction: not judged", "new"),
        ("original: IFD 0.5 = 0.5", "not better"),
        ("original: r-IFD 0.6 > 0.5", "not better"),
        ("original: the new pair's IFD was not scored", "not scored"),
        ("original: at random", "by chance"),
        ('original: unreadable: its "New Answer" is empty', "unreadable"),
        ("original: truncated: cut off after 768 tokens", "truncated"),
        ("original: too long: 9000 tokens", "too long"),
        ("original: budget spent: calls=1", "budget spent"),
    ],
)
def test_what_comes_of_a_stage_is_counted_by_kind(choice: str, came: str) -> None:
    assert outcome("instruction", choice) == came
