from pathlib import Path

from ponder.evals.diversity import TaskDiversity
from ponder.evals.summary import summarise, summarise_run
from ponder.evals.table import LEGEND, SHORT, as_markdown, as_text, differences, notes, side_by_side
from ponder.evals.versus import compare
from ponder.models import Usage
from ponder.tasks import MathTask
from tests.support.results import result
from tests.support.runs import run_of

T, F = True, False
FIRST = [result("a", [T, F], public=[T, F], solved=T), result("b", [T, T], solved=T)]
SECOND = [result("a", [F, F], tokens=4000, solved=F, usage=Usage(2, 2000, 2000, None))]


def row(rows: list[list[str]], heading: str) -> list[str]:
    (found,) = [cells for name, *cells in rows if name == heading]
    return found


def test_runs_stand_side_by_side_with_what_each_has() -> None:
    measured = [TaskDiversity("a", "behaviour", 2, pairs=1, similar=0)]

    rows = side_by_side([summarise(FIRST, "first", measured=measured), summarise(SECOND, "second")])

    assert rows[0] == ["", "first", "second"]
    assert row(rows, "pass@1") == ["75.0 [50.0, 100.0]", "0.0 [0.0, 0.0]"]
    assert row(rows, "public-filtered pass@1") == ["100.0 [100.0, 100.0]", "–"]
    assert row(rows, "usd a task") == ["0.01 [0.01, 0.01]", "–"]
    assert row(rows, "tokens per solved task") == ["100 [100, 100]", "–"]
    assert row(rows, "tokens for code") == ["100.0 %", "100.0 %"]
    assert row(rows, "diversity (behaviour)") == ["1.000 [1.000, 1.000]", "–"]


def test_a_k_beyond_some_tasks_samples_is_marked_and_explained() -> None:
    summary = summarise([result("a", [T] * 2), result("b", [F] * 5)], "x")

    assert row(side_by_side([summary]), "pass@5") == ["50.0 [0.0, 100.0] †1"]
    assert notes([summary]) == [LEGEND, SHORT]
    assert notes([summarise(SECOND)]) == [LEGEND]


def test_differences_have_signs_and_say_over_how_many_tasks() -> None:
    rows = differences("first", {"second": compare(SECOND, FIRST)})

    assert rows[0] == ["", "second − first"]
    assert row(rows, "tasks in both") == ["1"]
    assert row(rows, "pass@1") == ["-50.0 [-50.0, -50.0]"]
    assert row(rows, "tokens") == ["+3,900 [+3,900, +3,900]"]


def test_tables_are_text_or_markdown() -> None:
    rows = [["", "a|b"], ["pass@1", "1"]]

    assert as_text(rows) == "        a|b\npass@1  1"
    assert as_markdown(rows) == "|  | a\\|b |\n| --- | ---: |\n| pass@1 | 1 |"


def test_a_folder_is_summarised_by_its_name(tmp_path: Path) -> None:
    path = run_of(tmp_path, [MathTask("q", "?")], {"q": ["\\boxed{1}"]})

    found = summarise_run(path)

    assert (found.name, found.tasks, found.samples, found.ungraded) == ("run", 1, 1, 1)
    assert "solved" in as_text(side_by_side([found]))
