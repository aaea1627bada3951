"""`ponder grade`: a file of samples in, grades and pass@k out."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ponder

ROW = {
    "task_id": "HumanEval/0",
    "prompt": 'from typing import List\n\n\ndef first(x: List[int]) -> int:\n    """First."""\n',
    "entry_point": "first",
    "canonical_solution": "    return x[0]\n",
    "test": "def check(candidate):\n    assert candidate([3, 1]) == 3\n",
}
SAMPLES = [
    {"task_id": "HumanEval/0", "completion": "    return x[0]\n"},
    {"task_id": "HumanEval/0", "solution": "def first(x: List[int]):\n    return x[0]\n"},
    {"task_id": "HumanEval/0", "solution": "def first(x):\n    return x[1]\n"},
    {"task_id": "HumanEval/0", "solution": "```python\ndef first(x):\n    return x[0]\n```"},
]
pytestmark = pytest.mark.filterwarnings("ignore:the subprocess sandbox")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    data, samples = tmp_path / "HumanEval.jsonl", tmp_path / "samples.jsonl"
    data.write_text(json.dumps(ROW) + "\n")
    samples.write_text("".join(json.dumps(row) + "\n" for row in SAMPLES))
    return samples, data


def test_samples_have_grades_and_pass_at_k(ponder: Ponder, files: tuple[Path, Path]) -> None:
    samples, data = files

    said = ponder("grade", samples, "humaneval", "--data", data, "--sandbox", "subprocess")

    rows = map(json.loads, samples.with_name("samples_graded.jsonl").read_text().splitlines())
    assert [row["passed"] for row in rows] == [True, True, False, False]
    assert said.code == 0
    assert "4 samples of 1 tasks, 4 each; 2 pass" in said.out
    assert "pass@1    0.500" in said.out
    assert "pass@2    0.833" in said.out
    assert "1 of 4 samples have a Markdown fence" in said.err


def test_what_is_no_sample_of_the_data_set_is_named(
    ponder: Ponder, files: tuple[Path, Path]
) -> None:
    samples, data = files
    samples.write_text('{"task_id": "Mbpp/2", "solution": ""}\n')

    said = ponder("grade", samples, "humaneval", "--data", data)

    assert said.code == 2
    assert f"{samples} line 1: the data set has no task 'Mbpp/2'" in said.err


def test_how_many_at_once_is_said_once(ponder: Ponder, files: tuple[Path, Path]) -> None:
    samples, data = files
    more = ("--sandbox", "docker:workers=2", "--concurrency", "4")

    said = ponder("grade", samples, "humaneval", "--data", data, *more)

    assert said.code == 2
    assert "both say how many at once" in said.err
