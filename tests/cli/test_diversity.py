import json
from pathlib import Path

from ponder.tasks import MathTask
from tests.cli.conftest import Ponder
from tests.support.runs import run_of

QUESTIONS = [MathTask("a", "1 + 1?"), MathTask("b", "2 + 2?")]
SAID = {"a": ["\\boxed{2}", "\\boxed{3}"], "b": ["\\boxed{4}", "\\boxed{4}"]}


def test_runs_are_measured_by_what_they_answer(ponder: Ponder, tmp_path: Path) -> None:
    run_of(tmp_path / "one", QUESTIONS, SAID)
    run_of(tmp_path / "two", QUESTIONS[:1], SAID)

    ended = ponder("diversity", tmp_path, "--json")

    one, two = map(json.loads, ended.out.splitlines())
    assert ended.code == 0
    assert (one["value"][0], one["tasks"], two["value"][0]) == (0.5, 2, 1.0)
    assert "a: 1.00 of 1 pairs differ" in ended.err


def test_what_is_no_run_is_refused(ponder: Ponder, tmp_path: Path) -> None:
    ended = ponder("diversity", tmp_path)

    assert ended.code == 2
    assert "no run's folder" in ended.err
